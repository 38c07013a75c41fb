package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many clients that log to the same few runs, in every order, some of them twice. */
class ManyWritersIT {

  private static final int WRITERS = 64;
  private static final int ROUNDS = 12;
  private static final int KEYS = 8;

  private final RunningTracking tracking = RunningTracking.shared();

  @Test
  void losesNothingAndReportsNoDeadlock() throws Exception {
    List<String> runs = IntStream.range(0, 4).mapToObj(i -> create()).toList();
    List<Callable<List<String>>> writers =
        IntStream.range(0, WRITERS)
            .<Callable<List<String>>>mapToObj(writer -> () -> write(writer, runs))
            .toList();
    List<String> refused = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(WRITERS)) {
      for (var outcome : threads.invokeAll(writers)) {
        refused.addAll(outcome.get());
      }
    }
    assertThat(refused).isEmpty();
    for (String run : runs) {
      assertThat(count("run_metrics", run)).isEqualTo((long) WRITERS * ROUNDS * KEYS);
      assertThat(count("latest_metrics", run)).isEqualTo(KEYS);
      assertThat(count("run_params", run)).isEqualTo(WRITERS);
      assertThat(
              tracking.count(
                  "select count(*) as n from run_tags where run_id = $1 and key like 'tag-%'", run))
          .isEqualTo(KEYS);
      assertThat(tracking.count("select max(step) as n from latest_metrics where run_id = $1", run))
          .isEqualTo(ROUNDS - 1);
    }
    tracking.settle();
    long told =
        tracking
            .events(io.millrace.events.MetricsLogged.class)
            .filter(event -> runs.contains(event.getRunId()))
            .mapToLong(io.millrace.events.MetricsLogged::getTotal)
            .sum();
    assertThat(told).isEqualTo((long) runs.size() * WRITERS * ROUNDS * KEYS);
  }

  private List<String> write(int writer, List<String> runs) {
    Random random = new Random(writer);
    List<String> refused = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      List<String> order = new ArrayList<>(runs);
      Collections.shuffle(order, random);
      for (String run : order) {
        String batch = batch(run, writer, round, random);
        // Every third call is sent again, as a client does that has missed the answer.
        for (int sent = 0; sent < (random.nextInt(3) == 0 ? 2 : 1); sent++) {
          RunningTracking.Answer answer = tracking.mlflow("runs/log-batch", batch);
          if (answer.status() != 200) {
            refused.add(answer.status() + " " + answer.text());
          }
        }
      }
    }
    return refused;
  }

  private static String batch(String run, int writer, int round, Random random) {
    List<Integer> keys = IntStream.range(0, KEYS).boxed().collect(Collectors.toList());
    Collections.shuffle(keys, random);
    String metrics =
        keys.stream()
            .map(
                key ->
                    "{'key':'metric-%d','value':%d,'timestamp':%d,'step':%d}"
                        .formatted(key, writer, writer, round))
            .collect(Collectors.joining(","));
    // Batches with and without tags take different ways to the database.
    String more =
        round % 2 == 0
            ? ",'tags':[%s],'params':[{'key':'p-%d','value':'%d'}]"
                .formatted(
                    keys.stream()
                        .map(key -> "{'key':'tag-%d','value':'%d'}".formatted(key, writer))
                        .collect(Collectors.joining(",")),
                    writer,
                    writer)
            : "";
    return "{'run_id':'%s','metrics':[%s]%s}".formatted(run, metrics, more);
  }

  private String create() {
    return tracking
        .mlflow("runs/create", "{'experiment_id':'0'}")
        .body()
        .path("run")
        .path("info")
        .path("run_id")
        .asString();
  }

  private long count(String table, String run) {
    return tracking.count("select count(*) as n from " + table + " where run_id = $1", run);
  }
}
