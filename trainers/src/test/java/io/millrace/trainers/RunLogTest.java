package io.millrace.trainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RunLogTest {
  private Tracking tracking;

  @BeforeEach
  void start() throws IOException {
    tracking = new Tracking();
  }

  @AfterEach
  void stop() {
    tracking.close();
  }

  @Test
  void sendsMetricsAndParamsOfRunInBatches() {
    try (RunLog log = new RunLog(tracking.uri(), "run-7", "3")) {
      log.params(Map.of("trees", 300));
      for (int step = 1; step <= 2500; step++) {
        log.metrics(step, Map.of("validation.accuracy", step / 2500.0));
      }
      log.flush();
    }
    assertThat(tracking.metrics("validation.accuracy")).hasSize(2500);
    assertThat(tracking.batches())
        .hasSizeBetween(3, 5)
        .allSatisfy(
            b -> {
              assertThat(b.get("run_id").asString()).isEqualTo("run-7");
              assertThat(b.get("metrics").size()).isLessThanOrEqualTo(1000);
            });
    assertThat(tracking.param("trees")).isEqualTo("300");
    assertThat(tracking.paths()).containsOnly("/api/2.0/mlflow/runs/log-batch");
    assertThat(tracking.attempts()).containsOnly("3");
  }

  @Test
  void leavesOutValuesJsonCannotHold() {
    try (RunLog log = new RunLog(tracking.uri(), "r", null)) {
      Map<String, Double> values = new LinkedHashMap<>();
      values.put("nan", Double.NaN);
      values.put("infinite", Double.POSITIVE_INFINITY);
      values.put("fine", 1.0);
      log.metrics(1, values);
      log.flush();
    }
    assertThat(tracking.metrics("fine")).hasSize(1);
    assertThat(tracking.metrics("nan")).isEmpty();
    assertThat(tracking.metrics("infinite")).isEmpty();
  }

  @Test
  void retriesUntilServerIsBackWithoutLosingOrDoubling() {
    tracking.willAnswer(503, 500, 429);
    try (RunLog log = new RunLog(tracking.uri(), "r", null)) {
      log.metrics(1, Map.of("a", 1.0));
      log.flush();
    }
    assertThat(tracking.metrics("a")).hasSize(1);
    assertThat(tracking.paths()).hasSize(4);
  }

  @Test
  void refusalEndsTheRun() {
    tracking.willAnswer(409);
    try (RunLog log = new RunLog(tracking.uri(), "r", null)) {
      log.metrics(1, Map.of("a", 1.0));
      assertThatThrownBy(log::flush)
          .isInstanceOfSatisfying(
              RunFailure.class, e -> assertThat(e.reason()).isEqualTo(RunFailure.Reason.FENCED))
          .hasMessageContaining("refused the metrics of run r with HTTP 409");
      assertThatThrownBy(() -> log.metrics(2, Map.of("a", 2.0))).isInstanceOf(RunFailure.class);
    }
  }

  @Test
  void finalMetricsAreTheLatestByMlflowsOrder() {
    try (RunLog log = new RunLog(tracking.uri(), "r", null)) {
      log.metrics(5, Map.of("a", 9.0));
      log.finalMetrics(5, Map.of("a", 1.0));
      log.flush();
    }
    var points = tracking.metrics("a");
    assertThat(points.get(1).get("step").asLong()).isEqualTo(5);
    assertThat(points.get(1).get("timestamp").asLong())
        .isGreaterThan(points.get(0).get("timestamp").asLong());
  }
}
