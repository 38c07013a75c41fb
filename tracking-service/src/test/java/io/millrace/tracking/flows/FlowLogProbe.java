package io.millrace.tracking.flows;

import io.millrace.database.Database;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

/** Writers that commit late and in another order than they began. */
final class FlowLogProbe {

  record Written(int count) {}

  private FlowLogProbe() {}

  static Written write(
      Database database, String flow, ExecutorService threads, int writers, int each)
      throws Exception {
    Flows flows = new Flows(database);
    List<Future<?>> running = new ArrayList<>();
    for (int w = 0; w < writers; w++) {
      String writer = "writer-" + flow + "-" + w;
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < each; i++) {
                  NewFlowEvent event = event(writer, flow, i);
                  double pause = ThreadLocalRandom.current().nextInt(4) / 1000.0;
                  database.inTransactionVoid(
                      tx -> {
                        flows.append(tx, event);
                        tx.query("select pg_sleep($1)", row -> true, pause);
                      });
                }
              }));
    }
    for (Future<?> one : running) {
      one.get();
    }
    return new Written(writers * each);
  }

  private static NewFlowEvent event(String writer, String flow, int i) {
    return new NewFlowEvent(
        writer,
        "e" + i,
        "RunEnded",
        flow,
        "k",
        null,
        null,
        Instant.now(),
        "millrace.runs",
        0,
        i,
        "{}",
        null,
        null,
        null,
        List.of());
  }
}
