package io.millrace.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Every message delivered again. */
class ReplayIT {

  private static final List<String> TABLES =
      List.of(
          "experiments",
          "runs",
          "run_params",
          "run_tags",
          "run_metrics",
          "latest_metrics",
          "registered_models",
          "model_versions",
          "served_versions",
          "requests",
          "jobs",
          "flow_events",
          "flows");

  private final RunningTracking tracking = RunningTracking.shared();

  private Map<String, String> digests() {
    Map<String, String> digests = new TreeMap<>();
    for (String table : TABLES) {
      digests.put(
          table,
          tracking
              .database()
              .read(
                  tx ->
                      tx.query(
                              "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as d from "
                                  + table
                                  + " t",
                              row -> row.string("d"))
                          .getFirst()));
    }
    return digests;
  }

  @Test
  void changesNothingWhenAllTopicsAreReadAgainFromTheStart() {
    String pipeline = "replay-" + UUID.randomUUID();
    tracking.apply(pipeline);
    String run = tracking.queued(pipeline, "req-" + pipeline).getRunId();
    tracking.post("/api/v1/runs/" + run + "/start", "{'worker':'w','delivery':1}");
    tracking.post(
        "/api/v1/runs/" + run + "/complete",
        "{'attempt':1,'metrics':{'a':1.0},'parityMaxAbsDiff':0.0,'modelPackage':{'uri':'u','mediaType':'m','sha256':'"
            + "b".repeat(64)
            + "','size':1}}");
    tracking.request("bad-" + pipeline, "no-such");
    tracking.publishRaw(
        io.millrace.schemas.Topics.TRAIN_REQUESTS, "broken-" + pipeline, new byte[] {7, 7});
    tracking.awaitFlow("broken-" + pipeline, "REJECTED");
    tracking.settle();
    Map<String, String> before = digests();
    long published = tracking.seen().size();

    tracking.stop();
    tracking.rewind();
    tracking.start();
    tracking.settle();

    assertThat(digests()).isEqualTo(before);
    // What cannot be read is put aside again; nothing else is published.
    assertThat(tracking.seen()).hasSize((int) published);
  }

  @Test
  void goesOnWhereItWasAfterARestart() {
    String pipeline = "restart-" + UUID.randomUUID();
    tracking.apply(pipeline);
    String run = tracking.queued(pipeline, "req-" + pipeline).getRunId();
    tracking.post("/api/v1/runs/" + run + "/start", "{'worker':'w','delivery':1}");

    tracking.stop();
    tracking.request("while-away-" + pipeline, pipeline);
    tracking.start();

    assertThat(
            tracking
                .post("/api/v1/runs/" + run + "/heartbeat", "{'attempt':1}")
                .body()
                .path("cancelRequested")
                .asBoolean())
        .isFalse();
    tracking.awaitFlow("while-away-" + pipeline, "QUEUED");
  }
}
