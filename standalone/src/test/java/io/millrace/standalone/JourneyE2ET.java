package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.cli.CliFailure;
import io.millrace.cli.EventStream;
import io.millrace.console.Browser;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.EventCodec;
import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.tracking.MlflowClient;
import tools.jackson.databind.JsonNode;

/**
 * The journey on the standalone platform, started by every kind of client, with good input and bad.
 */
class JourneyE2ET {

  private static final String MODEL = "journey";

  @TempDir static Path home;
  private static Platform platform;
  private static Journey journey;
  private static KafkaProducer<String, byte[]> producer;

  @BeforeAll
  static void start() {
    platform =
        new Platform(new Platform.Settings(home, 0, 0, false)).start((part, address, took) -> {});
    journey = new Journey(platform.gateway()).prepare(MODEL, 30);
    producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                platform.kafka(),
                "max.request.size",
                20 << 20,
                "buffer.memory",
                64 << 20),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  @AfterAll
  static void stop() {
    producer.close();
    journey.close();
    platform.close();
  }

  private static void publish(String key, byte[] value)
      throws ExecutionException, InterruptedException {
    producer.send(new ProducerRecord<>(Topics.TRAIN_REQUESTS.name(), key, value)).get();
  }

  @Test
  void startsFromAPlainJsonRecord() throws Exception {
    var id = UUID.randomUUID().toString();
    publish(
        id,
        "{\"requestId\":\"%s\",\"pipeline\":\"%s\"}"
            .formatted(id, MODEL)
            .getBytes(StandardCharsets.UTF_8));
    Journey.assertHappenedOnce(journey.awaitServed(id));
  }

  @Test
  void startsFromAPostAndShowsItsRunToTheOfficialClient() {
    var id = journey.request(MODEL);
    var flow = journey.awaitServed(id);
    Journey.assertHappenedOnce(flow);
    var runId = flow.path("runIds").path(0).asString();
    try (var mlflow = new MlflowClient(platform.gateway().toString())) {
      var run = mlflow.getRun(runId);
      assertThat(run.getInfo().getStatus().name()).isEqualTo("FINISHED");
      assertThat(run.getData().getMetricsList()).extracting("key").contains("validation.accuracy");
      assertThat(run.getData().getParamsList()).extracting("key").contains("trees");
    }
  }

  @Test
  void trainsANetworkLikeAForest() {
    var definition =
        Journey.pipeline("network", 10)
            .replace("smile/random-forest", "dl4j/mlp")
            .replace("params: {trees: 10}", "params: {epochs: 15}");
    assertThat(journey.gateway().tryPost("/api/v1/pipelines", definition, "text/yaml").succeeded())
        .isTrue();
    var id = journey.request("network");
    Journey.assertHappenedOnce(journey.awaitServed(id));
    assertThat(journey.predictOne("network").toString()).contains("malignant");
  }

  @Test
  void waitsForAnApprovalAndGoesBackWhenAsked() {
    var name = "approved";
    var definition =
        Journey.pipeline(name, 20)
            .replace(
                "environments: [staging, production]",
                "environments: [staging, production]\n  approval: {production: {approvers: 1}}");
    assertThat(journey.gateway().tryPost("/api/v1/pipelines", definition, "text/yaml").succeeded())
        .isTrue();
    approve(journey.request(name), name);
    approve(journey.request(name), name);
    assertThat(served(name)).isEqualTo(2);
    journey
        .gateway()
        .post(
            "/api/v1/deployments/production/" + name + "/rollback",
            Map.of("by", "lead", "comment", "second thoughts"));
    await("production serves version 1 again")
        .atMost(Journey.PATIENCE)
        .until(() -> served(name) == 1);
    var history = journey.gateway().get("/api/v1/deployments/production/" + name + "/history");
    assertThat(history.toString())
        .contains("ROLLBACK")
        .contains("second thoughts")
        .contains("lead");
  }

  private static void approve(String request, String name) {
    journey.awaitEvent(request, "ApprovalRequested", "production");
    var approval =
        journey
            .gateway()
            .get("/api/v1/approvals?status=PENDING")
            .path("items")
            .valueStream()
            .filter(item -> item.path("requestId").asString("").equals(request))
            .findFirst()
            .orElseThrow();
    var path = "/api/v1/approvals/" + approval.path("approvalId").asString() + "/approve";
    var own = journey.gateway().tryPost(path, "{\"by\":\"tester\"}", "application/json");
    assertThat(own.status()).isEqualTo(403);
    assertThat(own.body().path("code").asString()).isEqualTo("own-request");
    assertThat(Journey.count(journey.flow(request), "ModelPromoted", "production")).isZero();
    journey.gateway().post(path, Map.of("by", "lead"));
    Journey.assertHappenedOnce(journey.awaitServed(request));
  }

  private static int served(String model) {
    for (var endpoint : journey.gateway().get("/api/v1/endpoints").path("items")) {
      if (endpoint.path("modelName").asString("").equals(model)
          && endpoint.path("environment").asString("").equals("production")) {
        return endpoint.path("version").asInt();
      }
    }
    return 0;
  }

  @Test
  void takesTheSameRequestOnce() throws Exception {
    var id = UUID.randomUUID().toString();
    var event =
        TrainRequested.newBuilder()
            .setRequestId(id)
            .setPipeline(MODEL)
            .setRequestedBy("tester")
            .build();
    for (int i = 0; i < 3; i++) {
      publish(id, new EventCodec().encode(event));
    }
    Journey.assertHappenedOnce(journey.awaitServed(id));
  }

  @Test
  void changesNothingWhenEveryMessageIsDeliveredTwice() throws Exception {
    var id = journey.request(MODEL);
    journey.awaitServed(id);
    settle(id);
    var before = journey.flow(id);
    var models = journey.gateway().get("/api/v1/models").toString();
    var deployments = journey.gateway().get("/api/v1/deployments").toString();
    republishEverything();
    settle(id);
    assertThat(Journey.types(journey.flow(id))).isEqualTo(Journey.types(before));
    assertThat(journey.gateway().get("/api/v1/models").toString()).isEqualTo(models);
    assertThat(journey.gateway().get("/api/v1/deployments").toString()).isEqualTo(deployments);
  }

  /** Waits until for two seconds no topic has grown, nor the story that is heard from them. */
  private static void settle(String request) {
    var last = new HashMap<TopicPartition, Long>();
    var told = new ArrayList<String>();
    await("topics are quiet")
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofSeconds(2))
        .until(
            () -> {
              var now = ends();
              var story = Journey.types(journey.flow(request));
              var quiet = now.equals(last) && story.equals(told);
              last.clear();
              last.putAll(now);
              told.clear();
              told.addAll(story);
              return quiet;
            });
  }

  private static KafkaConsumer<String, byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", platform.kafka(), "enable.auto.commit", "false"),
        new StringDeserializer(),
        new ByteArrayDeserializer());
  }

  private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, List<Topic> topics) {
    return topics.stream()
        .flatMap(topic -> consumer.partitionsFor(topic.name()).stream())
        .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
        .toList();
  }

  private static Map<TopicPartition, Long> ends() {
    try (var consumer = consumer()) {
      return consumer.endOffsets(partitions(consumer, Topics.all()));
    }
  }

  private static void republishEverything() {
    try (var consumer = consumer()) {
      var partitions = partitions(consumer, Topics.all());
      var ends = consumer.endOffsets(partitions);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var copies = new ArrayList<ProducerRecord<String, byte[]>>();
      while (partitions.stream()
          .anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          copies.add(
              new ProducerRecord<>(
                  record.topic(),
                  record.partition(),
                  record.key(),
                  record.value(),
                  record.headers()));
        }
      }
      copies.forEach(producer::send);
      producer.flush();
      assertThat(copies).hasSizeGreaterThan(20);
    }
  }

  private static void assertRejected(String requestId, String code) {
    var flow = journey.awaitStatus(requestId, "REJECTED");
    assertThat(Journey.count(flow, "TrainingRejected", "")).isEqualTo(1);
    assertThat(Journey.types(flow)).doesNotContain("TrainAccepted");
    assertThat(flow.path("events").toString()).contains(code);
  }

  private static String requestWith(Consumer<Map<String, Object>> change) {
    var id = UUID.randomUUID().toString();
    var request = new HashMap<String, Object>();
    request.put("requestId", id);
    request.put("requestedBy", "tester");
    change.accept(request);
    journey.gateway().post("/api/v1/train-requests", request);
    return id;
  }

  @Test
  void refusesAnUnknownPipelineKeyAndNamesTheNearest() {
    var id =
        requestWith(
            r -> r.put("definition", Journey.pipeline("typo", 10).replace("trainer:", "trianer:")));
    assertRejected(id, "unknown-key");
    assertThat(journey.flow(id).path("events").toString()).contains("trainer");
  }

  @Test
  void refusesADatasetThatIsNotThere() {
    var id =
        requestWith(
            r ->
                r.put(
                    "definition",
                    Journey.pipeline("nodata", 10)
                        .replace("breast-cancer-wisconsin", "no-such-data")));
    assertRejected(id, "dataset-not-found");
  }

  @Test
  void refusesATargetColumnThatIsNotThere() {
    var id =
        requestWith(
            r ->
                r.put(
                    "definition",
                    Journey.pipeline("notarget", 10)
                        .replace("target: diagnosis", "target: diagnossis")));
    assertRejected(id, "target-not-found");
    assertThat(journey.flow(id).path("events").toString()).contains("diagnosis");
  }

  @Test
  void refusesAPipelineThatWasNeverApplied() {
    var id = requestWith(r -> r.put("pipeline", "never-applied"));
    assertRejected(id, "pipeline-not-found");
  }

  @Test
  void refusesACsvFileWithARaggedRowAndNamesTheLine() throws Exception {
    var file = home.resolve("ragged.csv");
    Files.writeString(file, "a,b,label\n1,2,x\n1,2\n");
    assertThat(
            org.junit.jupiter.api.Assertions.assertThrows(
                CliFailure.class, () -> journey.gateway().pushDataset("ragged", file)))
        .hasMessageContaining("3");
    assertThat(journey.gateway().find("/api/v1/datasets/ragged/versions/latest")).isEmpty();
    assertThat(eventOfType("DatasetRejected").path("data").toString())
        .contains("\"line\":3", "ragged-row", "ragged.csv");
    var id =
        requestWith(
            r ->
                r.put(
                    "definition",
                    Journey.pipeline("onragged", 10).replace("breast-cancer-wisconsin", "ragged")));
    assertRejected(id, "dataset-not-found");
  }

  private static JsonNode eventOfType(String type) {
    var found = new AtomicReference<JsonNode>();
    new EventStream(journey.gateway())
        .where("type", type)
        .after(0)
        .forEach(
            event -> {
              found.set(event);
              return false;
            },
            Journey.PATIENCE);
    return found.get();
  }

  @Test
  void deadLettersABrokenRecordAndGoesOn() throws Exception {
    var broken = UUID.randomUUID().toString();
    publish(broken, new byte[] {0, 0, 0, 0, 1, 99, 99, 99});
    var unknown = UUID.randomUUID().toString();
    publish(unknown, new byte[] {0, 0, 1, 0x7f, 0x7f, 2, 2, 2});
    var good = UUID.randomUUID().toString();
    publish(
        good,
        "{\"requestId\":\"%s\",\"pipeline\":\"%s\"}"
            .formatted(good, MODEL)
            .getBytes(StandardCharsets.UTF_8));
    journey.awaitServed(good);
    assertRejected(broken, "undecodable");
    assertRejected(unknown, "unknown-schema-id");
    var letters =
        journey.gateway().get("/api/v1/dead-letters?topic=" + Topics.TRAIN_REQUESTS.name());
    assertThat(letters.toString()).contains("undecodable").contains("unknown-schema-id");
  }

  @Test
  void refusesTenMegabytesOfJsonAndTellsOfItInTheFlow() throws Exception {
    var big = "{\"requestId\":\"big\",\"pipeline\":\"" + "x".repeat(10 << 20) + "\"}";
    var answer = journey.gateway().tryPost("/api/v1/train-requests", big, "application/json");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body().path("code").asString()).isEqualTo("too-large");
    assertRejected(answer.body().path("requestId").asString(), "too-large");

    var key = UUID.randomUUID().toString();
    publish(key, big.getBytes(StandardCharsets.UTF_8));
    assertRejected(key, "too-large");
    assertThat(journey.flow(key).path("events").toString()).contains("DeadLettered");
  }

  @Test
  void isUnderstoodByAThirdPartyClientThroughTheRegistry() throws Exception {
    assumeTrue(
        runs("node", "--version") && runs("npm", "--version"),
        "node and npm are not on this machine");
    var folder = home.resolve("kafkajs");
    Files.createDirectories(folder);
    for (var file : List.of("package.json", "client.js")) {
      Files.copy(Path.of("src/test/resources/kafkajs", file), folder.resolve(file));
    }
    assumeTrue(
        execute(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error").status()
            == 0,
        "npm cannot fetch kafkajs from here");
    var id = UUID.randomUUID().toString();
    var client =
        execute(
            folder,
            "node",
            "client.js",
            platform.kafka(),
            platform.gateway() + "/schema-registry",
            id,
            MODEL);
    assertThat(client.status()).as(client.output()).isZero();
    assertThat(client.output())
        .contains("io.millrace.TrainAccepted", "io.millrace.RunStarted", "io.millrace.ModelTrained")
        .contains(
            "io.millrace.ModelEvaluated",
            "\"verdict\":\"PASSED\"",
            "\"environment\":\"production\"");
  }

  @Test
  void showsWhatHappensInTheConsole() throws Exception {
    assumeTrue(Browser.find().isPresent(), "no Chromium or Chrome on PATH");
    var name = "shown";
    journey.apply(Journey.pipeline(name, 60));
    try (var page = new ConsolePage(platform.gateway())) {
      page.shows(".top", "Live", "7 services up");
      var first = journey.request(name);
      page.shows("#flows", name, "tester");
      journey.awaitServed(first);
      var flow = journey.awaitServed(journey.request(name));
      page.shows(".story", name + " v2", "deployed", "60 / 60 trees", "gates passed", "roc_auc");
      page.shows(".story .sparkline", "accuracy");
      page.shows("#models", name + " v2", "passed", "roc_auc", "production");
      page.shows("#deployments", name + " v2", "revision 2");
      page.shows("#events", "ModelDeployed", name + " v2 in production on standalone");
      var run = journey.run(flow.path("runIds").path(0).asString());
      page.shows("#runs", run.path("name").asString(), "finished", "roc_auc");
      journey.predictShifted(name, 120);
      page.shows("#monitoring", name + " v2", "drifted", "columns drifted");
      page.shows(".windows", "columns drifted");
      page.showsNothing("undefined", "NaN", "[object Object]", "Invalid Date");
      page.complainsOfNothing();
    }
  }

  /** What the console's own tests are fed with never says what the platform does not say. */
  @Test
  void saysEverythingThatTheConsoleIsTestedWith() throws Exception {
    var name = "recorded";
    journey.apply(
        Journey.pipeline(name, 20)
            .replace(
                "environments: [staging, production]",
                "environments: [staging, production]\n  approval: {production: {approvers: 1}}"));
    var waiting = journey.request(name);
    journey.awaitEvent(waiting, "ApprovalRequested", "production");
    journey.predictShifted(name, "staging", 120);
    requestWith(r -> r.put("pipeline", "never-applied"));
    await("drift is known")
        .atMost(Journey.PATIENCE)
        .until(() -> Journey.count(journey.flow(waiting), "DriftDetected", "staging") > 0);
    new CannedAnswers(journey).areAsSaid(name, waiting);
  }

  @Test
  void bindsARunToTheCommitItWasAskedForWith() throws Exception {
    new Submission(platform.gateway()).bindsARunToItsCommit(home.resolve("project"));
  }

  private record Executed(int status, String output) {}

  private static Executed execute(Path folder, String... command)
      throws IOException, InterruptedException {
    var output = folder.resolve("output.txt").toFile();
    var process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output)
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return new Executed(-1, "timed out:\n" + Files.readString(output.toPath()));
    }
    return new Executed(process.exitValue(), Files.readString(output.toPath()));
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return execute(home, command).status() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
