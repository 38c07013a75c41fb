package io.millrace.tracking.intake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.Reason;
import io.millrace.events.RunQueued;
import io.millrace.events.TrainAccepted;
import io.millrace.events.TrainRequested;
import io.millrace.events.TrainingRejected;
import io.millrace.messaging.EventCodec;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class IntakeIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String id = "req-" + UUID.randomUUID();
  private final String pipeline = "p-" + UUID.randomUUID();

  @AfterEach
  void datasetsAreBack() {
    tracking.datasets().available(true);
  }

  @Test
  void turnsARequestIntoAQueuedRun() {
    tracking.apply(pipeline);

    RunQueued job = tracking.queued(pipeline, id);

    assertThat(job.getModelName()).isEqualTo(pipeline);
    assertThat(job.getTrainer()).isEqualTo("smile/random-forest");
    assertThat(job.getParams()).containsEntry("trees", "300");
    assertThat(job.getDataset().getVersion()).isEqualTo(2);
    assertThat(job.getDataset().getContent().getUri()).isEqualTo("dataset:/iris/2");
    TrainAccepted accepted =
        tracking.await(TrainAccepted.class, event -> event.getRequestId().equals(id));
    assertThat(accepted.getRunIds()).containsExactly(job.getRunId());
    assertThat(accepted.getPipelineVersion()).isEqualTo(1);
    JsonNode run = tracking.get("/api/2.0/mlflow/runs/get?run_id=" + job.getRunId()).body();
    assertThat(run.at("/run/info/status").asString()).isEqualTo("SCHEDULED");
    assertThat(run.at("/run/data/tags").toString())
        .contains("millrace.request_id", id, "mlflow.user", "alice", "mlflow.source.name");
    assertThat(run.at("/run/data/params").toString()).contains("trainer", "trees");
    assertThat(run.at("/run/inputs/dataset_inputs/0/dataset/name").asString()).isEqualTo("iris");
    assertThat(run.at("/run/inputs/dataset_inputs/0/dataset/source_type").asString())
        .isEqualTo("millrace");
    assertThat(run.at("/run/inputs/dataset_inputs/0/dataset/source").asString())
        .contains("\"uri\":\"dataset:/iris/2\"")
        .contains("\"version\":2")
        .contains("\"digest\":\"" + "d".repeat(63) + "2\"");
    assertThat(run.at("/run/inputs/dataset_inputs/0/dataset/schema").asString())
        .contains("petal_length");
    assertThat(run.at("/run/inputs/dataset_inputs/0/dataset/profile").asString())
        .isEqualTo("{\"num_rows\":150}");
    assertThat(run.at("/run/inputs/dataset_inputs/0/tags/0/key").asString())
        .isEqualTo("mlflow.data.context");
    assertThat(run.at("/run/inputs/dataset_inputs/0/tags/0/value").asString())
        .isEqualTo("training");
    assertThat(
            tracking
                .get("/api/2.0/mlflow/experiments/get?experiment_id=" + accepted.getExperimentId())
                .body()
                .at("/experiment/name")
                .asString())
        .isEqualTo(pipeline);
    JsonNode flow = tracking.awaitFlow(id, "QUEUED");
    assertThat(flow.path("pipeline").asString()).isEqualTo(pipeline);
    assertThat(flow.path("requestedBy").asString()).isEqualTo("alice");
    assertThat(tracking.seen())
        .filteredOn(
            seen -> seen.event() instanceof RunQueued queued && queued.getRequestId().equals(id))
        .allSatisfy(seen -> assertThat(seen.headers()).containsEntry("ce_flowid", id));
  }

  private static final String CODE =
      """
      {'commit':'%s','branch':'main','repository':'%s','subdirectory':'jobs','entryPoint':'fit',
       'archive':{'uri':'mlflow-artifacts:/projects/a/project.tar.gz',
                  'mediaType':'application/gzip','sha256':'%s','size':10},
       'diff':{'uri':'mlflow-artifacts:/projects/b/uncommitted.diff',
               'mediaType':'text/x-diff','sha256':'%s','size':3}}
      """;

  private String requestWith(String code) {
    return "{'requestId':'%s','pipeline':'%s','requestedBy':'alice','code':%s}"
        .formatted(id, pipeline, code.strip());
  }

  @Test
  void namesTheCodeThatARunWasAskedForWith() {
    tracking.apply(pipeline);
    String code = CODE.formatted("c".repeat(40), "https://h/x.git", "a".repeat(64), "b".repeat(64));
    assertThat(tracking.post("/api/v1/train-requests", requestWith(code)).status()).isEqualTo(202);
    RunQueued job = tracking.await(RunQueued.class, event -> event.getRequestId().equals(id));
    java.util.Map<String, String> tags = new java.util.TreeMap<>();
    tracking
        .get("/api/2.0/mlflow/runs/get?run_id=" + job.getRunId())
        .body()
        .at("/run/data/tags")
        .forEach(tag -> tags.put(tag.path("key").asString(), tag.path("value").asString()));
    assertThat(tags)
        .containsEntry("mlflow.source.name", "https://h/x.git#jobs")
        .containsEntry("mlflow.source.type", "PROJECT")
        .containsEntry("mlflow.source.git.commit", "c".repeat(40))
        .containsEntry("mlflow.source.git.branch", "main")
        .containsEntry("mlflow.source.git.repoURL", "https://h/x.git")
        .containsEntry("mlflow.project.entryPoint", "fit")
        .containsEntry("millrace.git.dirty", "true")
        .containsEntry("millrace.code.archive", "mlflow-artifacts:/projects/a/project.tar.gz")
        .containsEntry("millrace.code.archive.sha256", "a".repeat(64))
        .containsEntry("millrace.code.diff.sha256", "b".repeat(64));
  }

  @Test
  void rejectsCodeThatCannotBeWhatItSays() {
    tracking.apply(pipeline);
    String code = CODE.formatted("HEAD", "https://u:secret@h/x.git", "a", "b".repeat(64));
    tracking.post("/api/v1/train-requests", requestWith(code));
    TrainingRejected rejected =
        tracking.await(TrainingRejected.class, event -> event.getRequestId().equals(id));
    assertThat(rejected.getReasons())
        .extracting(Reason::getPath)
        .containsExactlyInAnyOrder("code.commit", "code.archive.sha256", "code.repository");
    assertThat(rejected.toString()).doesNotContain("secret");
  }

  @Test
  void decidesOnceHoweverOftenARequestComes() {
    tracking.apply(pipeline);
    List<CompletableFuture<Void>> posts = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tracking.request(id, pipeline);
      posts.add(
          CompletableFuture.runAsync(
              () ->
                  assertThat(
                          tracking
                              .post(
                                  "/api/v1/train-requests",
                                  "{'requestId':'%s','pipeline':'%s','requestedBy':'alice'}"
                                      .formatted(id, pipeline))
                              .status())
                      .isEqualTo(202)));
    }
    CompletableFuture.allOf(posts.toArray(CompletableFuture[]::new)).join();
    UUID same = UUID.randomUUID();
    TrainRequested request =
        TrainRequested.newBuilder().setRequestId(id).setPipeline(pipeline).build();
    tracking.publish(Topics.TRAIN_REQUESTS, id, request, same);
    tracking.publish(Topics.TRAIN_REQUESTS, id, request, same);
    tracking.await(RunQueued.class, event -> event.getRequestId().equals(id));
    tracking.settle();

    assertThat(tracking.count("select count(*) as n from runs where request_id = $1", id)).isOne();
    assertThat(tracking.events(RunQueued.class).filter(e -> e.getRequestId().equals(id)))
        .hasSize(1);
    assertThat(tracking.events(TrainAccepted.class).filter(e -> e.getRequestId().equals(id)))
        .hasSize(1);
    // Five publications, one of five posts, one of two with the same CloudEvents id.
    assertThat(
            tracking.count(
                "select count(*) as n from flow_events where flow_id = $1 and type = 'TrainRequested'",
                id))
        .isEqualTo(7);
  }

  @Test
  void takesPlainJsonAndTheKeyAsId() {
    tracking.apply(pipeline);
    tracking.publishRaw(
        Topics.TRAIN_REQUESTS,
        id,
        "{\"pipeline\": \"%s\", \"overrides\": {\"train.params.trees\": \"7\"}}"
            .formatted(pipeline)
            .getBytes(StandardCharsets.UTF_8));

    RunQueued job = tracking.await(RunQueued.class, event -> event.getRequestId().equals(id));

    assertThat(job.getParams()).containsEntry("trees", "7");
  }

  @Test
  void takesAWholeDefinition() {
    Answer answer =
        tracking.send(
            HttpRequest.newBuilder(tracking.uri("/api/v1/train-requests"))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "\"" + id + "\"")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        RunningTracking.JSON.writeValueAsString(
                            Map.of("definition", RunningTracking.definition(pipeline))))));

    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.body().path("flow").asString()).isEqualTo("/api/v1/flows/" + id);
    tracking.await(RunQueued.class, event -> event.getRequestId().equals(id));
  }

  @Test
  void refusesAnotherRequestUnderTheSameId() {
    tracking.post("/api/v1/train-requests", "{'requestId':'%s','pipeline':'a'}".formatted(id));

    Answer second =
        tracking.post("/api/v1/train-requests", "{'requestId':'%s','pipeline':'b'}".formatted(id));

    assertThat(second.status()).isEqualTo(422);
    assertThat(second.body().path("code").asString()).isEqualTo("request-id-taken");
  }

  @Test
  void namesTheNearestPipeline() {
    tracking.apply(pipeline);
    tracking.request(id, pipeline.substring(0, pipeline.length() - 1));

    TrainingRejected rejected = rejected(id);

    assertThat(rejected.getReasons().getFirst().getCode()).isEqualTo("pipeline-not-found");
    assertThat(rejected.getReasons().getFirst().getMessage()).contains(pipeline);
    tracking.awaitFlow(id, "REJECTED");
  }

  @Test
  void givesEveryReasonOfABadDefinition() {
    String bad =
        RunningTracking.definition(pipeline)
            .replace("trainer:", "treiner:")
            .replace("train: 0.7", "train: 7.0");
    tracking.publish(
        Topics.TRAIN_REQUESTS,
        id,
        TrainRequested.newBuilder().setRequestId(id).setDefinition(bad).build());

    assertThat(rejected(id).getReasons())
        .extracting(Reason::getCode)
        .contains("unknown-key", "out-of-range");
  }

  @Test
  void namesTheNearestDatasetColumnAndOverride() {
    String dataset = id + "-dataset";
    request(dataset, Map.of("dataset.name", "irris"));
    String version = id + "-version";
    request(version, Map.of("dataset.version", "9"));
    String target = id + "-target";
    tracking.publish(
        Topics.TRAIN_REQUESTS,
        target,
        TrainRequested.newBuilder()
            .setRequestId(target)
            .setDefinition(
                RunningTracking.definition(pipeline)
                    .replace("target: species", "target: speces")
                    .replace("evaluate:\n", "evaluate:\n  slices: [petal_lenght]\n"))
            .build());
    String override = id + "-override";
    request(override, Map.of("train.sed", "1"));

    assertThat(rejected(dataset).getReasons().getFirst().getCode()).isEqualTo("dataset-not-found");
    assertThat(rejected(dataset).getReasons().getFirst().getMessage()).contains("'iris'");
    assertThat(rejected(version).getReasons().getFirst().getMessage()).contains("the latest is 2");
    assertThat(rejected(target).getReasons())
        .extracting(Reason::getCode)
        .containsExactly("target-not-found", "column-not-found");
    assertThat(rejected(target).getReasons().getFirst().getMessage()).contains("'species'");
    assertThat(rejected(override).getReasons().getFirst().getMessage()).contains("seed");
  }

  private void request(String requestId, Map<String, String> overrides) {
    tracking.publish(
        Topics.TRAIN_REQUESTS,
        requestId,
        TrainRequested.newBuilder()
            .setRequestId(requestId)
            .setDefinition(RunningTracking.definition(pipeline))
            .setOverrides(overrides)
            .build());
  }

  @Test
  void waitsForTheDatasets() {
    tracking.apply(pipeline);
    tracking.datasets().available(false);
    tracking.request(id, pipeline);
    tracking.awaitFlow(id, "REQUESTED");
    Awaitility.await("still waiting")
        .during(Duration.ofSeconds(1))
        .until(
            () ->
                tracking.count("select count(*) as n from requests where request_id = $1", id)
                    == 0);

    tracking.datasets().available(true);

    tracking.awaitFlow(id, "QUEUED");
  }

  @Test
  void rejectsWhatCannotBeReadUnderTheIdThatCan() {
    byte[] good =
        new EventCodec()
            .encode(TrainRequested.newBuilder().setRequestId(id).setPipeline("x").build());
    byte[] torn = Arrays.copyOf(good, good.length - 1);
    byte[] unknownSchema = good.clone();
    unknownSchema[1] = 0x7f;
    String byEventId = "event-" + id;

    tracking.publishRaw(Topics.TRAIN_REQUESTS, "key", torn, "ce_id", byEventId);
    String byKey = "key-" + id;
    tracking.publishRaw(Topics.TRAIN_REQUESTS, byKey, unknownSchema);
    String byPlace =
        tracking.publishRaw(
            Topics.TRAIN_REQUESTS, null, "{\"pipelin\": 3}".getBytes(StandardCharsets.UTF_8));
    tracking.apply(pipeline);
    RunQueued after = tracking.queued(pipeline, id);

    assertThat(after.getRequestId()).isEqualTo(id);
    assertThat(rejected(byEventId).getReasons().getFirst().getCode()).isEqualTo("undecodable");
    assertThat(rejected(byKey).getReasons().getFirst().getCode()).isEqualTo("unknown-schema-id");
    assertThat(rejected(byPlace).getReasons().getFirst().getCode()).isEqualTo("unknown-field");
    assertThat(rejected(byPlace).getReasons().getFirst().getMessage()).contains("pipeline");
    JsonNode story = tracking.awaitFlow(byKey, "REJECTED");
    assertThat(story.path("events").toString()).contains("DeadLettered", "TrainingRejected");
    JsonNode letters =
        tracking.get("/api/v1/dead-letters?topic=" + Topics.TRAIN_REQUESTS.name()).body();
    assertThat(letters.path("items").toString()).contains(byKey, "unknown-schema-id");
  }

  @Test
  void rejectsTenMegabytesOfJsonAndSaysSoInTheFlow() {
    Answer answer =
        tracking.post(
            "/api/v1/train-requests",
            "{'definition':'" + "x".repeat(10 << 20) + "'}",
            "Idempotency-Key",
            id);

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body().path("code").asString()).isEqualTo("too-large");
    assertThat(answer.body().path("flow").asString()).isEqualTo("/api/v1/flows/" + id);
    assertThat(rejected(id).getReasons().getFirst().getCode()).isEqualTo("too-large");
    tracking.awaitFlow(id, "REJECTED");
  }

  @Test
  void namesTheFlowOfARejectedRequestThatHasNoIdOfItsOwn() {
    String big = "{'definition':'" + "x".repeat(300 << 10) + "'}";
    Answer byEvent = tracking.post("/api/v1/train-requests", big, "ce-id", id);
    Answer byNothing = tracking.post("/api/v1/train-requests", big);

    assertThat(byEvent.status()).isEqualTo(413);
    assertThat(byEvent.body().path("requestId").asString()).isEqualTo(id);
    assertThat(byNothing.status()).isEqualTo(413);
    String given = byNothing.body().path("requestId").asString();
    assertThat(given).isNotBlank();
    tracking.awaitFlow(id, "REJECTED");
    tracking.awaitFlow(given, "REJECTED");
  }

  @Test
  void rejectsTenMegabytesOnTheTopicAndGoesOn() {
    byte[] big = ("{\"definition\": \"" + "x".repeat(10 << 20) + "\"}").getBytes(UTF_8);
    String byKey = "key-" + id;
    String byEventId = "event-" + id;
    tracking.publishRaw(Topics.TRAIN_REQUESTS, byKey, big);
    tracking.publishRaw(Topics.TRAIN_REQUESTS, byKey, big, "ce_id", byEventId);
    tracking.publishRaw(
        Topics.TRAIN_REQUESTS, byKey, "{}".getBytes(UTF_8), "ce_id", id, "padding", text(big));
    tracking.apply(pipeline);
    // The same key is the same partition: it has moved on when this one is taken.
    String after = "after-" + id;
    tracking.publishRaw(
        Topics.TRAIN_REQUESTS,
        byKey,
        "{\"requestId\": \"%s\", \"pipeline\": \"%s\"}".formatted(after, pipeline).getBytes(UTF_8));

    tracking.awaitFlow(after, "QUEUED");
    for (String rejected : List.of(byKey, byEventId)) {
      Reason reason = rejected(rejected).getReasons().getFirst();
      assertThat(reason.getCode()).isEqualTo("too-large");
      assertThat(reason.getMessage()).contains("262144");
      JsonNode story = tracking.awaitFlow(rejected, "REJECTED");
      assertThat(story.path("events").toString()).contains("DeadLettered", "TrainingRejected");
    }
    assertThat(rejected(id).getReasons().getFirst().getCode()).isEqualTo("missing-pipeline");
  }

  @Test
  void rejectsADefinitionThatIsTooLarge() {
    tracking.publishRaw(
        Topics.TRAIN_REQUESTS,
        id,
        ("{\"definition\": \"" + "x".repeat(700_000) + "\"}").getBytes(StandardCharsets.UTF_8));

    assertThat(rejected(id).getReasons().getFirst().getCode()).isEqualTo("too-large");
  }

  @Test
  void carriesTheTraceOfARequestOn() {
    tracking.apply(pipeline);
    String trace = UUID.randomUUID().toString().replace("-", "");
    tracking.post(
        "/api/v1/train-requests",
        "{'requestId':'%s','pipeline':'%s'}".formatted(id, pipeline),
        "traceparent",
        "00-" + trace + "-00f067aa0ba902b7-01");
    tracking.post(
        "/api/v1/train-requests",
        "{'nothing':1}",
        "Idempotency-Key",
        "bad-" + id,
        "traceparent",
        "00-" + trace + "-00f067aa0ba902b7-01");

    tracking.await(RunQueued.class, event -> event.getRequestId().equals(id));
    rejected("bad-" + id);
    assertThat(tracking.seen())
        .filteredOn(
            seen ->
                seen.headers().getOrDefault("ce_flowid", "").equals(id)
                    || seen.key().equals("bad-" + id))
        .hasSizeGreaterThanOrEqualTo(3)
        .allSatisfy(seen -> assertThat(seen.headers().get("traceparent")).contains(trace));
  }

  @Test
  void rejectsMalformedJsonOverHttp() {
    Answer answer =
        tracking.post("/api/v1/train-requests", "{'pipelin':'x'}", "Idempotency-Key", id);

    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.body().path("code").asString()).isEqualTo("unknown-field");
    tracking.awaitFlow(id, "REJECTED");
  }

  @Test
  void survivesCharactersThatPostgresCannotStore() {
    String odd = "odd-" + id;
    tracking.publish(
        Topics.TRAIN_REQUESTS,
        odd,
        TrainRequested.newBuilder()
            .setRequestId(odd)
            .setPipeline("no\0such")
            .setRequestedBy("a\0b")
            .build());
    tracking.publish(
        Topics.TRAIN_REQUESTS,
        "k",
        TrainRequested.newBuilder().setRequestId("bad\0" + id).setPipeline("x").build(),
        UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8)));

    assertThat(rejected(odd).getReasons().getFirst().getCode()).isEqualTo("pipeline-not-found");
    String fallback = UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8)).toString();
    assertThat(rejected(fallback).getReasons().getFirst().getCode())
        .isEqualTo("invalid-request-id");
  }

  @Test
  void isQuickWhenWarm() {
    tracking.apply(pipeline);
    for (int i = 0; i < 10; i++) {
      tracking.queued(pipeline, id + "-warm-" + i);
    }
    List<Long> millis = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      tracking.queued(pipeline, id + "-" + i);
      millis.add((System.nanoTime() - start) / 1_000_000);
    }
    millis.sort(null);
    assertThat(millis.get(10)).as("milliseconds of each: %s", millis).isLessThan(300);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  private TrainingRejected rejected(String requestId) {
    return tracking.await(TrainingRejected.class, event -> event.getRequestId().equals(requestId));
  }
}
