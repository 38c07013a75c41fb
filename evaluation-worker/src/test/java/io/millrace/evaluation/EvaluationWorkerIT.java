package io.millrace.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.datasets.Csv;
import io.millrace.datasets.Part;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.embedded.SharedPlatform;
import io.millrace.events.DatasetRef;
import io.millrace.events.EvaluatedMetric;
import io.millrace.events.EvaluationFailed;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.FileRef;
import io.millrace.events.ModelEvaluated;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.EventPublisher;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The worker on real Kafka and PostgreSQL with real ONNX models; the artifact service is played by
 * {@link StoredArtifacts}.
 */
class EvaluationWorkerIT {
  private static final String GATES = "[{metric: roc_auc, at-least: 0.8}]";
  private static final String RIVALRY = "[{metric: log_loss, not-worse-than: champion, by: 0.02}]";

  @TempDir static Path work;
  private static StoredArtifacts artifacts;
  private static EventPublisher tracking;
  private static ConfigurableApplicationContext worker;
  private static Thread listener;
  private static volatile boolean closed;
  private static final List<SpecificRecord> TOLD = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() {
    SharedPlatform platform = EmbeddedPlatform.shared();
    FreshDatabase database = platform.freshDatabase();
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    artifacts = new StoredArtifacts();
    tracking = EventPublisher.connect(platform.kafkaBootstrap(), "tracking-service");
    worker =
        EvaluationWorker.application()
            .run(
                "--server.port=0",
                "--millrace.kafka.bootstrap-servers=" + platform.kafkaBootstrap(),
                "--millrace.artifact.uri=" + artifacts.uri(),
                "--millrace.artifact.cache.directory=" + work.resolve("cache"),
                "--millrace.artifact.patience=15s",
                "--millrace.postgres.host=" + postgres.getHost(),
                "--millrace.postgres.port=" + postgres.getPort(),
                "--millrace.postgres.database=" + database.name(),
                "--millrace.postgres.user=" + database.user(),
                "--millrace.postgres.password=" + database.password());
    listener = Thread.ofVirtual().start(() -> listen(platform.kafkaBootstrap()));
  }

  @AfterAll
  static void stop() throws InterruptedException {
    closed = true;
    listener.join(Duration.ofSeconds(5));
    worker.close();
    tracking.close();
    artifacts.close();
  }

  @Test
  void scoresTheHeldOutRowsAndTellsOnce() throws Exception {
    String csv = LinearModels.classes();
    EvaluationRequested job =
        job("once", 1, GATES, csv, stored("once-1", csv, Task.CLASSIFICATION, "x", 3));
    UUID id = UUID.randomUUID();
    publish(job, id);
    publish(job, id);
    publish(job, UUID.randomUUID());

    ModelEvaluated told = await(ModelEvaluated.class, "once");

    Expected expected = expected(csv, 3);
    assertThat(told.getVerdict()).isEqualTo("PASSED");
    assertThat(told.getRows()).isEqualTo(expected.rows());
    EvaluatedMetric accuracy = metric(told, "accuracy");
    assertThat(accuracy.getValue()).isCloseTo(expected.accuracy(), within(1e-9));
    assertThat(accuracy.getLower()).isLessThanOrEqualTo(accuracy.getValue());
    assertThat(accuracy.getUpper()).isGreaterThanOrEqualTo(accuracy.getValue());
    assertThat(metric(told, "log_loss").getValue()).isCloseTo(expected.logLoss(), within(1e-5));
    assertThat(told.getMetrics()).hasSize(8);
    assertThat(told.getGates()).singleElement().matches(gate -> gate.getPassed());
    assertThat(told.getPipeline()).isEqualTo(job.getPipeline());
    assertThat(told.getModelPackage()).isEqualTo(job.getModelPackage());

    JsonNode answer = get("/api/v1/evaluations/once/1", 200);
    assertThat(answer.get("verdict").asString()).isEqualTo("PASSED");
    assertThat(answer.get("metrics").get(0).get("name").asString()).isEqualTo("accuracy");
    assertThat(answer.get("gates").get(0).get("threshold").asDouble()).isEqualTo(0.8);
    Awaitility.await("report")
        .until(() -> artifacts.get("mlflow-artifacts:/1/once-1/artifacts/evaluation.json") != null);

    // A later job of another model has passed the repeated ones on the way.
    publish(job("after", 1, GATES, csv, stored("after-1", csv, Task.CLASSIFICATION, "x", 3)));
    await(ModelEvaluated.class, "after");
    assertThat(events(ModelEvaluated.class, "once")).hasSize(1);
    JsonNode meters = get("/actuator/metrics/millrace.evaluation.duration?tag=outcome:passed", 200);
    assertThat(meters.get("measurements").get(0).get("value").asDouble()).isPositive();
  }

  @Test
  void comparesWithTheChampionOnTheSameRows() throws Exception {
    String csv = LinearModels.classes();
    FileRef good = stored("rival-good", csv, Task.CLASSIFICATION, "x", 3);
    FileRef poor = stored("rival-poor", csv, Task.CLASSIFICATION, "x", 0.2);
    publish(withChampion(job("worse", 2, RIVALRY, csv, poor), 1, good));
    publish(withChampion(job("better", 2, RIVALRY, csv, good), 1, poor));
    publish(job("alone", 1, RIVALRY, csv, poor));

    ModelEvaluated worse = await(ModelEvaluated.class, "worse");
    assertThat(worse.getVerdict()).isEqualTo("FAILED");
    assertThat(worse.getChampionVersion()).isEqualTo(1);
    assertThat(worse.getGates().getFirst().getMessage())
        .contains("the champion, version 1")
        .contains("worse by more than");
    assertThat(worse.getGates().getFirst().getThreshold())
        .isCloseTo(expected(csv, 3).logLoss() + 0.02, within(1e-5));
    assertThat(await(ModelEvaluated.class, "better").getVerdict()).isEqualTo("PASSED");
    ModelEvaluated alone = await(ModelEvaluated.class, "alone");
    assertThat(alone.getVerdict()).isEqualTo("PASSED");
    assertThat(alone.getGates().getFirst().getThreshold()).isNull();
  }

  @Test
  void doesNotPassBesideAChampionThatCannotBeScored() throws Exception {
    String csv = LinearModels.classes();
    publish(
        withChampion(
            job("unknown", 2, RIVALRY, csv, stored("unknown-2", csv, Task.CLASSIFICATION, "x", 3)),
            1,
            stored("unknown-1", csv, Task.CLASSIFICATION, "gone", 3)));

    ModelEvaluated told = await(ModelEvaluated.class, "unknown");
    assertThat(told.getVerdict()).isEqualTo("FAILED");
    assertThat(told.getGates().getFirst().getMessage())
        .contains("could not be scored")
        .contains("'gone'");
  }

  @Test
  void measuresQuantities() throws Exception {
    String csv = LinearModels.quantities();
    publish(
        job(
            "quantity",
            1,
            "[{metric: rmse, at-most: 1.3}, {metric: r2, at-least: 0.8}]",
            csv,
            stored("quantity-1", csv, Task.REGRESSION, "x", 3)));

    ModelEvaluated told = await(ModelEvaluated.class, "quantity");
    assertThat(told.getVerdict()).isEqualTo("PASSED");
    assertThat(told.getMetrics())
        .extracting(EvaluatedMetric::getName)
        .containsExactly("rmse", "mae", "r2");
    assertThat(metric(told, "rmse").getValue()).isBetween(0.7, 1.3);
  }

  @Test
  void saysWhatIsWrongWithAPackage() throws Exception {
    String csv = LinearModels.classes();
    FileRef damaged = stored("damaged", csv, Task.CLASSIFICATION, "x", 3);
    byte[] onnx = artifacts.get("mlflow-artifacts:/1/damaged/artifacts/model/model.onnx").clone();
    onnx[onnx.length / 2] ^= 1;
    artifacts.put("mlflow-artifacts:/1/damaged/artifacts/model/model.onnx", onnx);
    FileRef absent =
        FileRef.newBuilder(damaged).setUri("mlflow-artifacts:/1/absent/artifacts/model").build();
    publish(job("damaged", 1, GATES, csv, damaged));
    publish(job("absent", 1, GATES, csv, absent));

    EvaluationFailed corrupt = await(EvaluationFailed.class, "damaged");
    assertThat(corrupt.getReason()).isEqualTo("package-corrupt");
    assertThat(corrupt.getMessage()).contains("model.onnx");
    assertThat(await(EvaluationFailed.class, "absent").getReason())
        .isEqualTo("package-unavailable");
    JsonNode answer = get("/api/v1/evaluations/damaged/1", 200);
    assertThat(answer.get("status").asString()).isEqualTo("FAILED");
    assertThat(answer.get("reason").asString()).isEqualTo("package-corrupt");
  }

  @Test
  void saysWhatIsWrongWithTheData() throws Exception {
    String csv = LinearModels.classes();
    FileRef model = stored("data", csv, Task.CLASSIFICATION, "x", 3);
    EvaluationRequested missing = job("no-data", 1, GATES, csv, model);
    publish(
        EvaluationRequested.newBuilder(missing).setDataset(dataset("nowhere", csv + "\n")).build());
    EvaluationRequested changed = job("other-data", 1, GATES, csv + "0.1,0.1,no\n", model);
    artifacts.putDataset("other-data", 1, "x,answer\n1,no\n".getBytes(StandardCharsets.UTF_8));
    publish(changed);
    String narrow = csv.replaceFirst("x,", "y,");
    publish(job("narrow-data", 1, GATES, narrow, model));
    publish(job("no-test-rows", 1, GATES, "x,answer\n1,no\n2,no\n3,yes\n", model));

    assertThat(await(EvaluationFailed.class, "no-data").getReason())
        .isEqualTo("dataset-unavailable");
    assertThat(await(EvaluationFailed.class, "other-data").getReason())
        .isEqualTo("dataset-corrupt");
    EvaluationFailed mismatch = await(EvaluationFailed.class, "narrow-data");
    assertThat(mismatch.getReason()).isEqualTo("schema-mismatch");
    assertThat(mismatch.getMessage()).contains("'x'");
    EvaluationFailed none = await(EvaluationFailed.class, "no-test-rows");
    assertThat(none.getReason()).isEqualTo("no-test-rows");
    assertThat(none.getMessage()).contains("dataset.split.test");
  }

  @Test
  void waitsForAnArtifactServiceThatRestarts() throws Exception {
    String csv = LinearModels.classes() + "0.5,0.5,yes\n";
    EvaluationRequested job =
        job("patient", 1, GATES, csv, stored("patient-1", csv, Task.CLASSIFICATION, "x", 2.5));
    artifacts.refuse(4);
    publish(job);

    assertThat(await(ModelEvaluated.class, "patient").getVerdict()).isEqualTo("PASSED");
  }

  @Test
  void letsAnotherJobReplaceAFailure() throws Exception {
    String csv = LinearModels.classes();
    FileRef model = stored("again-1", csv, Task.CLASSIFICATION, "x", 2);
    EvaluationRequested job = job("again", 1, GATES, csv, model);
    byte[] onnx = artifacts.get("mlflow-artifacts:/1/again-1/artifacts/model/model.onnx");
    artifacts.put("mlflow-artifacts:/1/again-1/artifacts/model/model.onnx", new byte[] {1});
    publish(job);
    assertThat(await(EvaluationFailed.class, "again").getReason()).isEqualTo("package-corrupt");

    artifacts.put("mlflow-artifacts:/1/again-1/artifacts/model/model.onnx", onnx);
    publish(job);

    assertThat(await(ModelEvaluated.class, "again").getVerdict()).isEqualTo("PASSED");
    assertThat(get("/api/v1/evaluations/again/1", 200).get("status").asString())
        .isEqualTo("EVALUATED");
  }

  @Test
  void saysWhenThereIsNoEvaluation() throws Exception {
    assertThat(get("/api/v1/evaluations/nobody/1", 404).get("code").asString())
        .isEqualTo("not-evaluated");
  }

  /** What the test rows of a classifier must come to, computed apart from the worker's metrics. */
  private record Expected(int rows, double accuracy, double logLoss) {}

  private static Expected expected(String csv, double slope) throws IOException {
    Table table = Csv.read(Files.writeString(work.resolve(UUID.randomUUID() + ".csv"), csv));
    int[] rows = Split.DEFAULT.assign(table, "answer").rows(Part.TEST);
    int right = 0;
    double loss = 0;
    for (int row : rows) {
      double yes = 1 / (1 + Math.exp(-slope * table.numbers("x")[row]));
      boolean isYes = table.text(table.schema().indexOf("answer"), row).equals("yes");
      right += (yes > 0.5) == isYes ? 1 : 0;
      loss -= Math.log(isYes ? yes : 1 - yes);
    }
    return new Expected(rows.length, (double) right / rows.length, loss / rows.length);
  }

  private static FileRef stored(String run, String csv, Task task, String feature, double slope)
      throws IOException {
    Path file = Files.writeString(work.resolve(run + ".csv"), csv);
    ModelPackage written =
        LinearModels.write(work.resolve("package-" + run), file, task, feature, slope);
    String uri = "mlflow-artifacts:/1/" + run + "/artifacts/model";
    try (Stream<Path> files = Files.list(written.directory())) {
      for (Path each : files.toList()) {
        artifacts.put(uri + "/" + each.getFileName(), Files.readAllBytes(each));
      }
    }
    return FileRef.newBuilder()
        .setUri(uri)
        .setMediaType("application/x-directory")
        .setSha256(written.sha256())
        .setSize(written.size())
        .build();
  }

  private static EvaluationRequested job(
      String model, int version, String gates, String csv, FileRef modelPackage) {
    artifacts.putDataset(model, 1, csv.getBytes(StandardCharsets.UTF_8));
    return EvaluationRequested.newBuilder()
        .setRequestId("flow-" + model)
        .setRunId("run-" + model)
        .setModelName(model)
        .setVersion(version)
        .setModelPackage(modelPackage)
        .setDataset(dataset(model, csv))
        .setPipeline(pipeline(model, gates))
        .setRequestedBy("alice")
        .build();
  }

  private static EvaluationRequested withChampion(
      EvaluationRequested job, int version, FileRef champion) {
    return EvaluationRequested.newBuilder(job)
        .setChampionVersion(version)
        .setChampionPackage(champion)
        .build();
  }

  private static DatasetRef dataset(String name, String csv) {
    byte[] content = csv.getBytes(StandardCharsets.UTF_8);
    return DatasetRef.newBuilder()
        .setName(name)
        .setVersion(1)
        .setDigest("cd".repeat(32))
        .setContent(
            FileRef.newBuilder()
                .setUri("dataset:/" + name + "/1")
                .setMediaType("text/csv")
                .setSha256(sha256(content))
                .setSize(content.length)
                .build())
        .build();
  }

  private static String pipeline(String model, String gates) {
    return PipelineFile.parse(
            """
            name: %s
            dataset: {name: %s, version: 1, target: answer}
            train: {trainer: smile/random-forest}
            evaluate: {gates: %s, bootstrap: {resamples: 200}}
            """
                .formatted(model, model, gates))
        .orThrow()
        .toJson();
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static EvaluatedMetric metric(ModelEvaluated told, String name) {
    return told.getMetrics().stream()
        .filter(metric -> metric.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void publish(EvaluationRequested job) {
    publish(job, UUID.randomUUID());
  }

  private static void publish(EvaluationRequested job, UUID id) {
    tracking
        .publish(Topics.EVALUATION_JOBS, job.getModelName(), job, job.getRequestId(), id)
        .join();
  }

  private static <T extends SpecificRecord> T await(Class<T> type, String model) {
    Awaitility.await(type.getSimpleName() + " of " + model)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> !events(type, model).isEmpty());
    return events(type, model).getFirst();
  }

  private static <T extends SpecificRecord> List<T> events(Class<T> type, String model) {
    return TOLD.stream()
        .filter(type::isInstance)
        .map(type::cast)
        .filter(event -> model.equals(event.get(event.getSchema().getField("modelName").pos())))
        .toList();
  }

  private static JsonNode get(String path, int status) throws Exception {
    String port = worker.getEnvironment().getProperty("local.server.port");
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(Duration.ofSeconds(10))
                    .build(),
                BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return JsonMapper.shared().readTree(response.body());
  }

  private static void listen(String bootstrap) {
    EventCodec codec = new EventCodec();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrap),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int p = 0; p < Topics.EVALUATIONS.partitions(); p++) {
        partitions.add(new TopicPartition(Topics.EVALUATIONS.name(), p));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (!closed) {
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(incoming -> TOLD.add(codec.decode(incoming.value())));
      }
    }
  }
}
