package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.database.DatabaseFailure;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Log calls that are committed together. */
class MetricWriterIT {

  private static final int CALLS = 40;

  private final RunningTracking tracking = RunningTracking.shared();
  private final MetricWriter writer = tracking.bean(MetricWriter.class);

  @Test
  void onePointThatCannotBeStoredTakesNoOtherAlong() throws Exception {
    List<RunId> runs = runs();
    List<Callable<Optional<Metrics.Written>>> calls = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      // PostgreSQL's text has no NUL; the endpoint refuses it before it gets here.
      Metric point = new Metric(i == 17 ? "lo\0ss" : "loss", i, i, i);
      RunId run = runs.get(i % runs.size());
      calls.add(() -> writer.write(run, List.of(point)));
    }
    List<Future<Optional<Metrics.Written>>> answers = atOnce(calls);
    for (int i = 0; i < CALLS; i++) {
      Future<Optional<Metrics.Written>> answer = answers.get(i);
      if (i == 17) {
        assertThatThrownBy(answer::get)
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(DatabaseFailure.class);
      } else {
        assertThat(answer.get()).isPresent();
      }
    }
    assertThat(stored(runs)).isEqualTo(CALLS - 1);
  }

  @Test
  void everyCallHearsOfItsOwnRun() throws Exception {
    List<RunId> runs = runs();
    String deleted = runs.getLast().value();
    assertThat(tracking.mlflow("runs/delete", "{\"run_id\":\"%s\"}".formatted(deleted)).status())
        .isEqualTo(200);
    List<Callable<Optional<Metrics.Written>>> calls = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      RunId run = i % 5 == 4 ? new RunId("nosuchrun") : runs.get(i % 5 % runs.size());
      Metric point = new Metric("loss", i, i, i);
      calls.add(() -> writer.write(run, List.of(point, point)));
    }
    List<Future<Optional<Metrics.Written>>> answers = atOnce(calls);
    long counted = 0;
    for (int i = 0; i < CALLS; i++) {
      Optional<Metrics.Written> answer = answers.get(i).get();
      assertThat(answer.isPresent()).isEqualTo(i % 5 != 4);
      if (answer.isPresent()) {
        assertThat(answer.get().run()).isEqualTo(runs.get(i % 5 % runs.size()));
        assertThat(answer.get().stage() == LifecycleStage.ACTIVE)
            .isEqualTo(!answer.get().run().value().equals(deleted));
        counted += answer.get().stored();
      }
    }
    assertThat(stored(runs)).isEqualTo(counted).isEqualTo(CALLS * 3 / 5);
  }

  /** Together, so that some of them gather behind the first. */
  private static <T> List<Future<T>> atOnce(List<Callable<T>> calls) throws InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> answers = new ArrayList<>();
      for (Callable<T> call : calls) {
        answers.add(
            threads.submit(
                () -> {
                  start.await();
                  return call.call();
                }));
      }
      start.countDown();
      return answers;
    }
  }

  private List<RunId> runs() {
    List<RunId> runs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      runs.add(
          new RunId(
              tracking
                  .mlflow("runs/create", "{\"experiment_id\":\"0\"}")
                  .body()
                  .at("/run/info/run_id")
                  .asString()));
    }
    return runs;
  }

  private long stored(List<RunId> runs) {
    return runs.stream()
        .mapToLong(
            run ->
                tracking.count(
                    "select count(*) as n from run_metrics where run_id = $1", run.value()))
        .sum();
  }
}
