package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.events.RunEnded;
import io.millrace.events.RunRecovered;
import io.millrace.tracking.RunningTracking;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class HeartbeatsIT {

  private static final RunningTracking tracking = RunningTracking.shared();

  @Test
  void endsARunThatBreaksItsPromiseAndSaysWhy() {
    String run = promised("1s");
    awaitStatus(run, "FAILED");
    assertThat(tag(run, "millrace.failure"))
        .contains("promised a heartbeat every 1 s")
        .contains("runs again when it reports again");
    assertThat(info(run).path("end_time").asLong()).isPositive();
    RunEnded ended = tracking.await(RunEnded.class, event -> event.getRunId().equals(run));
    assertThat(ended.getStatus()).isEqualTo("FAILED");
    assertThat(ended.getReason()).contains("promised a heartbeat");
  }

  @Test
  void letsARunThatReportsAgainRunAgain() {
    String run = promised("1s");
    awaitStatus(run, "FAILED");
    assertThat(
            tracking
                .mlflow(
                    "runs/log-metric",
                    "{'run_id':'%s','key':'loss','value':1,'timestamp':1}".formatted(run))
                .status())
        .isEqualTo(200);
    assertThat(info(run).path("status").asString()).isEqualTo("RUNNING");
    assertThat(info(run).has("end_time")).isFalse();
    assertThat(tag(run, "millrace.failure")).isEmpty();
    assertThat(
            tracking
                .await(RunRecovered.class, event -> event.getRunId().equals(run))
                .getSilentMillis())
        .isGreaterThan(3000);
  }

  @Test
  void leavesARunAloneThatKeepsItsPromiseByAnyKindOfWrite() {
    String run = promised("1s");
    long until = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    int[] writes = {0};
    await("five seconds of writes")
        .pollInterval(Duration.ofMillis(400))
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              write(run, writes[0]++);
              return System.nanoTime() > until;
            });
    assertThat(info(run).path("status").asString()).isEqualTo("RUNNING");
    assertThat(tracking.events(RunEnded.class).map(RunEnded::getRunId)).doesNotContain(run);
  }

  private static void write(String run, int i) {
    switch (i % 3) {
      case 0 ->
          tracking.mlflow(
              "runs/log-metric",
              "{'run_id':'%s','key':'loss','value':1,'timestamp':%d}".formatted(run, i));
      case 1 ->
          tracking.mlflow(
              "runs/set-tag", "{'run_id':'%s','key':'t','value':'%d'}".formatted(run, i));
      default ->
          tracking.mlflow(
              "runs/log-parameter", "{'run_id':'%s','key':'p%d','value':'1'}".formatted(run, i));
    }
  }

  @Test
  void leavesARunAloneThatPromisedNothing() {
    String silent = promised("1s");
    String free = create("");
    awaitStatus(silent, "FAILED");
    assertThat(info(free).path("status").asString()).isEqualTo("RUNNING");
  }

  @Test
  void keepsTheStatusAClientGave() {
    String run = promised("1s");
    tracking.mlflow("runs/update", "{'run_id':'%s','status':'KILLED'}".formatted(run));
    awaitStatus(promised("1s"), "FAILED");
    assertThat(info(run).path("status").asString()).isEqualTo("KILLED");
    assertThat(tag(run, "millrace.failure")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "0", "-5s", "2d", "1e9s", "99999999999999999999"})
  void refusesAPromiseThatIsNoTime(String every) {
    String run = create("");
    RunningTracking.Answer answer =
        tracking.mlflow(
            "runs/set-tag",
            "{'run_id':'%s','key':'millrace.heartbeat','value':'%s'}".formatted(run, every));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("message").asString()).contains("1s to 1d");
    assertThat(tag(run, "millrace.heartbeat")).isEmpty();
  }

  private static String promised(String every) {
    return create(",'tags':[{'key':'millrace.heartbeat','value':'%s'}]".formatted(every));
  }

  private static String create(String more) {
    return tracking
        .mlflow("runs/create", "{'experiment_id':'0'%s}".formatted(more))
        .body()
        .path("run")
        .path("info")
        .path("run_id")
        .asString();
  }

  private static void awaitStatus(String run, String status) {
    await(run + " " + status)
        .atMost(Duration.ofSeconds(20))
        .until(() -> info(run).path("status").asString().equals(status));
  }

  private static JsonNode info(String run) {
    return tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).body().path("run").path("info");
  }

  private static String tag(String run, String key) {
    for (JsonNode tag :
        tracking
            .get("/api/2.0/mlflow/runs/get?run_id=" + run)
            .body()
            .path("run")
            .path("data")
            .path("tags")) {
      if (tag.path("key").asString().equals(key)) {
        return tag.path("value").asString();
      }
    }
    return "";
  }
}
