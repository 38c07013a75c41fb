package io.millrace.tracking.flows;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.ApprovalRequested;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.events.ModelRejected;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.RunEnded;
import io.millrace.events.RunStarted;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class FlowsIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String flow = "flow-" + UUID.randomUUID();
  private final String model = "m-" + UUID.randomUUID();

  /** An open event stream. */
  private final class Stream implements AutoCloseable {
    final List<String> lines = new CopyOnWriteArrayList<>();
    private final HttpResponse<java.io.InputStream> response;
    private final Thread reader;

    Stream(String query, String... headers) {
      HttpRequest.Builder request = HttpRequest.newBuilder(tracking.uri("/api/v1/events" + query));
      if (headers.length > 0) {
        request.headers(headers);
      }
      try {
        response = tracking.http().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      assertThat(response.statusCode()).isEqualTo(200);
      reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (BufferedReader in =
                        new BufferedReader(
                            new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                      for (String line = in.readLine(); line != null; line = in.readLine()) {
                        lines.add(line);
                      }
                    } catch (java.io.IOException closed) {
                      lines.add("closed");
                    }
                  });
    }

    List<Long> ids() {
      return lines.stream()
          .filter(line -> line.startsWith("id:"))
          .map(line -> Long.parseLong(line.substring(3).strip()))
          .toList();
    }

    void await(int events) {
      Awaitility.await(events + " events")
          .atMost(Duration.ofSeconds(20))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> lines.stream().filter(line -> line.startsWith("data:")).count() >= events);
    }

    @Override
    public void close() {
      try {
        response.body().close();
      } catch (java.io.IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void started(int attempt) {
    tracking.publish(
        Topics.RUNS,
        "run-" + flow,
        RunStarted.newBuilder()
            .setRequestId(flow)
            .setRunId("run-" + flow)
            .setWorker("w")
            .setAttempt(attempt)
            .setStartedAt(Instant.now())
            .build());
  }

  private void promoted(String environment, long revision) {
    tracking.publish(
        Topics.PROMOTIONS,
        model,
        ModelPromoted.newBuilder()
            .setRequestId(flow)
            .setModelName(model)
            .setVersion(3)
            .setEnvironment(environment)
            .setRevision(revision)
            .setCause("POLICY")
            .setBy(List.of("policy"))
            .build());
  }

  private void deployed(String environment, long revision) {
    tracking.publish(
        Topics.DEPLOYMENTS,
        environment + "/" + model,
        ModelDeployed.newBuilder()
            .setRequestId(flow)
            .setModelName(model)
            .setVersion(3)
            .setEnvironment(environment)
            .setRevision(revision)
            .setReplica("r1")
            .setLoadMillis(5)
            .build());
  }

  @Test
  void endsRightThoughTopicsOvertakeEachOther() {
    promoted("staging", 1);
    deployed("staging", 1);
    started(1);
    tracking.publish(
        Topics.MODELS,
        model,
        ModelVersionCreated.newBuilder()
            .setRequestId(flow)
            .setModelName(model)
            .setVersion(3)
            .setSource("s")
            .build());
    JsonNode story = tracking.awaitFlow(flow, "DEPLOYED");
    tracking.settle();
    assertThat(tracking.get("/api/v1/flows/" + flow).body().path("status").asString())
        .isEqualTo("DEPLOYED");
    tracking.publish(
        Topics.PROMOTIONS,
        model,
        ApprovalRequested.newBuilder()
            .setRequestId(flow)
            .setApprovalId("a")
            .setModelName(model)
            .setVersion(3)
            .setEnvironment("production")
            .setApprovers(1)
            .setRequestedBy("alice")
            .build());
    tracking.awaitFlow(flow, "AWAITING_APPROVAL");
    promoted("production", 1);
    tracking.awaitFlow(flow, "PROMOTED");
    deployed("production", 1);
    tracking.awaitFlow(flow, "DEPLOYED");
    tracking.publish(
        Topics.PROMOTIONS,
        model,
        ModelRejected.newBuilder()
            .setRequestId(flow)
            .setModelName(model)
            .setVersion(3)
            .setEnvironment("production")
            .setReason("approval-refused")
            .setMessage("no")
            .setBy("bob")
            .build());
    story = tracking.awaitFlow(flow, "MODEL_REJECTED");
    assertThat(story.path("version").asInt()).isEqualTo(3);
    assertThat(story.path("modelName").asString()).isEqualTo(model);
    assertThat(story.path("runIds").get(0).asString()).isEqualTo("run-" + flow);
    assertThat(story.path("events")).hasSize(8);
    assertThat(story.at("/events/0/data/environment").isMissingNode()).isFalse();
  }

  @Test
  void streamsFromNowFilteredAndResumesWhereItWas() {
    started(1);
    tracking.awaitFlow(flow, "RUNNING");
    List<Long> first;
    try (Stream stream = new Stream("?flow=" + flow)) {
      started(2);
      started(3);
      stream.await(2);
      first = stream.ids();
      assertThat(stream.lines)
          .anyMatch(line -> line.equals("event:RunStarted"))
          .anyMatch(line -> line.startsWith("data:") && line.contains("\"attempt\":2"));
    }
    started(4);
    try (Stream stream =
        new Stream("?after=0&flow=" + flow, "Last-Event-ID", Long.toString(first.getFirst()))) {
      stream.await(2);
      assertThat(stream.ids().getFirst()).isEqualTo(first.get(1));
    }
    try (Stream stream = new Stream("?after=0&run=run-" + flow + "&type=RunQueued,RunStarted")) {
      stream.await(4);
    }
    try (Stream stream = new Stream("?after=0&type=RunQueued&run=run-" + flow)) {
      Awaitility.await("comments")
          .atMost(Duration.ofSeconds(10))
          .until(() -> stream.lines.stream().filter(line -> line.startsWith(":")).count() >= 3);
      assertThat(stream.ids()).isEmpty();
    }
    assertThat(
            tracking
                .send(
                    HttpRequest.newBuilder(tracking.uri("/api/v1/events"))
                        .header("Last-Event-ID", "abc"))
                .status())
        .isEqualTo(400);
  }

  @Test
  void neverSkipsAnEventUnderConcurrentWriters() throws Exception {
    FlowLogProbe.Written written;
    try (Stream stream = new Stream("?flow=" + flow);
        ExecutorService writers = Executors.newFixedThreadPool(6)) {
      written = FlowLogProbe.write(tracking.database(), flow, writers, 6, 50);
      stream.await(written.count());
      assertThat(stream.ids()).isSorted().doesNotHaveDuplicates().hasSize(written.count());
    }
  }

  @Test
  void pagesThroughFlowsAndStories() {
    started(1);
    started(2);
    started(3);
    Awaitility.await("three events")
        .until(() -> tracking.get("/api/v1/flows/" + flow).body().path("events").size() == 3);
    List<Long> seqs = new ArrayList<>();
    String token = "";
    do {
      JsonNode page = tracking.get("/api/v1/flows/" + flow + "?limit=2&pageToken=" + token).body();
      page.path("events").forEach(event -> seqs.add(event.path("seq").asLong()));
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty());
    assertThat(seqs).hasSize(3).isSorted();

    List<String> ids = new ArrayList<>();
    do {
      JsonNode page = tracking.get("/api/v1/flows?limit=2&pageToken=" + token).body();
      page.path("items").forEach(item -> ids.add(item.path("requestId").asString()));
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty() && ids.size() < 10_000);
    assertThat(ids).contains(flow).doesNotHaveDuplicates();
    assertThat(ids).hasSize((int) tracking.count("select count(*) as n from flows"));
    assertThat(tracking.get("/api/v1/flows?pageToken=%21").status()).isEqualTo(400);
    assertThat(tracking.get("/api/v1/flows/none").body().path("code").asString())
        .isEqualTo("flow-not-found");
  }

  @Test
  void prunesOldEventsAndKeepsTheFlow() {
    started(1);
    tracking.awaitFlow(flow, "RUNNING");
    tracking
        .database()
        .inTransactionVoid(
            tx ->
                tx.update(
                    "update flow_events set time = now() - interval '31 days' where flow_id = $1",
                    flow));

    new FlowPruning(
            tracking.database(),
            new Flows(tracking.database()),
            new FlowSettings(
                Duration.ofDays(30),
                Duration.ofDays(2),
                Duration.ofHours(1),
                Duration.ofSeconds(9)))
        .prune();

    JsonNode story = tracking.get("/api/v1/flows/" + flow).body();
    assertThat(story.path("events")).isEmpty();
    assertThat(story.path("status").asString()).isEqualTo("RUNNING");
  }

  @Test
  void keepsEventsOfNoFlow() {
    String run = "plain-" + flow;
    tracking.publish(
        Topics.RUNS,
        run,
        RunEnded.newBuilder().setRunId(run).setExperimentId("0").setStatus("FINISHED").build());

    Awaitility.await("event")
        .until(
            () ->
                tracking.count("select count(*) as n from flow_events where run_id = $1", run)
                    == 1);
    assertThat(
            tracking.count(
                "select count(*) as n from flow_events where run_id = $1 and flow_id is null", run))
        .isOne();
  }
}
