package io.millrace.monitoring.windows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.database.Database;
import io.millrace.datasets.CategoricalProfile;
import io.millrace.datasets.ColumnKind;
import io.millrace.datasets.ColumnProfile;
import io.millrace.datasets.NumericProfile;
import io.millrace.datasets.Profile;
import io.millrace.datasets.Split;
import io.millrace.datasets.Task;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.events.DesiredState;
import io.millrace.events.DriftDetected;
import io.millrace.events.DriftResolved;
import io.millrace.events.FileRef;
import io.millrace.events.PredictionLogged;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.DeadLetter;
import io.millrace.messaging.DeadLetters;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.EventPublisher;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.monitoring.MonitoringService;
import io.millrace.monitoring.Samples;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service on a real broker and a real database, with the drift scenarios as traffic. */
class MonitoringIT {

  private static final Map<String, double[]> REFERENCE = Samples.columns("reference");
  private static final List<String> COLUMNS = List.copyOf(REFERENCE.keySet());

  @TempDir static Path folder;

  private static FreshDatabase database;
  private static PackageServer artifacts;
  private static ModelPackage model;
  private static EventPublisher publisher;
  private static ConfigurableApplicationContext service;

  @BeforeAll
  static void start() throws IOException {
    database = EmbeddedPlatform.shared().freshDatabase();
    model = write(folder.resolve("artifacts/1/run/artifacts/model"));
    artifacts = new PackageServer(folder.resolve("artifacts"));
    publisher = EventPublisher.connect(EmbeddedPlatform.shared().kafkaBootstrap(), "test");
    service = run();
  }

  @AfterAll
  static void stop() {
    service.close();
    publisher.close();
    artifacts.close();
  }

  @Test
  void tellsOnceThatDataDriftsAsksForATrainingAndTellsOnceThatItIsOver() {
    String name = want("drifting", 1, 1, "rows: 142", "on-drift: retrain");
    log(name, 1, "odd");
    await("two quiet windows")
        .untilAsserted(() -> assertThat(verdicts(name)).containsExactly("OK", "OK"));
    assertThat(status(name)).isEqualTo("OK");

    log(name, 1, "prior_shift");
    await("a drifted window").untilAsserted(() -> assertThat(verdicts(name)).hasSize(3));
    log(name, 1, "prior_shift");
    await("two drifted windows")
        .untilAsserted(
            () -> assertThat(verdicts(name)).containsExactly("OK", "OK", "DRIFTED", "DRIFTED"));
    assertThat(status(name)).isEqualTo("DRIFTED");
    await("DriftDetected")
        .untilAsserted(
            () ->
                assertThat(
                        events(
                            Topics.DRIFT, DriftDetected.class, e -> e.getModelName().equals(name)))
                    .singleElement()
                    .satisfies(
                        detected -> {
                          assertThat(detected.getRows()).isEqualTo(142);
                          assertThat(detected.getShare()).isGreaterThan(.3);
                          assertThat(detected.getShareThreshold()).isEqualTo(.3);
                          assertThat(detected.getColumns()).hasSize(31);
                          assertThat(detected.getColumns().getFirst().getDrifted()).isTrue();
                          assertThat(detected.getRequestId()).isEqualTo("request-" + name);
                        }));
    await("TrainRequested")
        .untilAsserted(
            () ->
                assertThat(
                        events(
                            Topics.TRAIN_REQUESTS,
                            TrainRequested.class,
                            e -> e.getRequestId().contains(name)))
                    .singleElement()
                    .satisfies(
                        request -> {
                          assertThat(request.getRequestId())
                              .isEqualTo("drift-production-" + name + "-v1-r1-w3");
                          assertThat(request.getRequestedBy()).isEqualTo("monitoring-service");
                          assertThat(request.getReason()).isEqualTo("drift");
                          assertThat(request.getPipeline()).isEqualTo("breast-cancer");
                        }));

    log(name, 1, "odd");
    await("DriftResolved")
        .untilAsserted(
            () ->
                assertThat(
                        events(
                            Topics.DRIFT, DriftResolved.class, e -> e.getModelName().equals(name)))
                    .hasSize(1));
    assertThat(status(name)).isEqualTo("OK");
    assertThat(artifacts.fetched)
        .containsExactlyInAnyOrder("manifest.json", "reference-profile.json");
  }

  @Test
  void countsEachRowOnceOverRestartsAndRedelivery() {
    String name = want("restarted", 1, 1, "rows: 100", "on-drift: alert");
    for (int i = 0; i < 3; i++) {
      log(name, 1, "odd");
      service.close();
      log(name, 1, "odd");
      service = run();
    }
    await("all rows").untilAsserted(() -> assertThat(counted(name)).isEqualTo(6 * 284));
    assertThat(verdicts(name)).hasSize(17);

    List<Counting.Observed> everything = new ArrayList<>();
    String topicId = topicId();
    for (ConsumerRecord<byte[], byte[]> each : records(Topics.PREDICTIONS)) {
      everything.add(
          new Counting.Observed(
              new Counting.Partition(topicId, each.partition()),
              each.offset(),
              UUID.randomUUID(),
              (PredictionLogged) new EventCodec().decode(each.value())));
    }
    assertThat(everything).hasSizeGreaterThan(100);
    service.getBean(Counting.class).count(everything, OptionalLong.empty());
    assertThat(counted(name)).isEqualTo(6 * 284);
    assertThat(verdicts(name)).hasSize(17);
  }

  @Test
  void countsAPredictionOnceUnderHoweverManyOffsetsItComes() {
    String name = want("resent", 1, 1, "rows: 1000", "on-drift: alert");
    List<List<Object>> rows = rows("odd");
    UUID id = UUID.randomUUID();
    PredictionLogged first = prediction(name, 1, Instant.now(), rows.subList(0, 10));
    PredictionLogged other = prediction(name, 1, Instant.now(), rows.subList(10, 17));
    for (int i = 0; i < 3; i++) {
      publisher.publish(Topics.PREDICTIONS, name, first, null, id).join();
    }
    service.close();
    // Under another key it may be on another partition, and it comes to another process.
    publisher.publish(Topics.PREDICTIONS, name + "-again", first, null, id).join();
    publisher.publish(Topics.PREDICTIONS, name, first, null, id).join();
    publisher.publish(Topics.PREDICTIONS, name, other, null).join();
    service = run();

    await("both predictions, once").untilAsserted(() -> assertThat(counted(name)).isEqualTo(17));
    await("nothing more is on its way")
        .during(Duration.ofSeconds(1))
        .until(() -> counted(name) == 17);
    CountedPredictions ids = service.getBean(CountedPredictions.class);
    Long gone =
        service
            .getBean(Database.class)
            .inTransaction(tx -> ids.prune(tx, Duration.ofHours(-2), 1_000_000));
    assertThat(gone).isGreaterThanOrEqualTo(2);
  }

  @Test
  void severalConsumersFillWindowsExactlyAndTellOnce() {
    try (ConfigurableApplicationContext second = run()) {
      assertThat(second.isActive()).isTrue();
      String name = want("shared", 1, 1, "rows: 71", "on-drift: alert");
      List<List<Object>> shifted =
          rows("prior_shift").stream()
              .map(row -> row.stream().map(v -> (Object) ((Double) v * 3 + 1)).toList())
              .toList();
      for (int i = 0; i < 5; i++) {
        log(name, 1, shifted);
      }
      await("ten windows")
          .atMost(Duration.ofSeconds(40))
          .untilAsserted(() -> assertThat(verdicts(name)).hasSize(10).containsOnly("DRIFTED"));
      JsonNode windows = get("/api/v1/monitoring/production/" + name + "/windows?limit=7");
      assertThat(windows.get("items"))
          .allSatisfy(w -> assertThat(w.get("rows").asInt()).isEqualTo(71));
      JsonNode rest =
          get(
              "/api/v1/monitoring/production/%s/windows?limit=7&pageToken=%s"
                  .formatted(name, windows.get("nextPageToken").asString()));
      assertThat(rest.get("items")).hasSize(3);
      assertThat(events(Topics.DRIFT, DriftDetected.class, e -> e.getModelName().equals(name)))
          .hasSize(1);
    }
  }

  @Test
  void closesWindowsOfTimeOnceTheirTimeIsOverAndCountsWhatIsLate() {
    String name = want("timed", 1, 1, "window: 10s", "on-drift: alert");
    Instant start = Instant.ofEpochMilli((System.currentTimeMillis() / 10_000 - 6) * 10_000);
    List<List<Object>> rows = rows("odd");
    publish(name, 1, start.plusSeconds(1), rows.subList(0, 100));
    publish(name, 1, start.plusSeconds(11), rows.subList(0, 4));
    await("both windows")
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(verdicts(name)).containsExactly("OK", "NOT_ENOUGH_DATA"));
    publish(name, 1, start.plusSeconds(2), rows.subList(100, 107));
    await("late rows")
        .untilAsserted(
            () ->
                assertThat(
                        get("/api/v1/monitoring/production/" + name + "/windows")
                            .get("items")
                            .get(1)
                            .get("lateRows")
                            .asInt())
                    .isEqualTo(7));
    assertThat(counted(name)).isEqualTo(104);
  }

  @Test
  void aNewVersionBeginsNewWindowsAndRowsOfTheOldOneAreLeftOut() {
    String name = want("renewed", 1, 1, "rows: 200", "on-drift: alert");
    publish(name, 1, Instant.now(), rows("odd").subList(0, 50));
    await("rows of version 1").untilAsserted(() -> assertThat(counted(name)).isEqualTo(50));
    assertThat(status(name)).isEqualTo("COLLECTING");
    want("renewed", name, 2, 2, "rows: 200", "on-drift: alert");
    await("version 2 is watched")
        .untilAsserted(() -> assertThat(item(name).get("version").asInt()).isEqualTo(2));
    assertThat(status(name)).isEqualTo("NO_DATA");
    publish(name, 1, Instant.now(), rows("odd").subList(0, 30));
    publish(name, 2, Instant.now(), rows("odd").subList(0, 20));
    await("rows of version 2")
        .untilAsserted(() -> assertThat(item(name).get("collectedRows").asInt()).isEqualTo(20));
    assertThat(verdicts(name)).containsExactly("SUPERSEDED");
  }

  @Test
  void damagedRecordsAndUnknownModelsDoNotStopTheRest() throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap());
    try (var producer =
        new org.apache.kafka.clients.producer.KafkaProducer<>(
            properties,
            new org.apache.kafka.common.serialization.StringSerializer(),
            new org.apache.kafka.common.serialization.ByteArraySerializer())) {
      for (int partition = 0; partition < Topics.PREDICTIONS.partitions(); partition++) {
        producer
            .send(
                new org.apache.kafka.clients.producer.ProducerRecord<>(
                    Topics.PREDICTIONS.name(), partition, "k", new byte[] {0, 0, 0, 0, 99, 1}))
            .get();
      }
    }
    publish("nobody-" + UUID.randomUUID(), 1, Instant.now(), rows("odd").subList(0, 5));
    String name = want("after", 1, 1, "rows: 100", "on-drift: alert");
    log(name, 1, "odd");
    await("rows after the damage").untilAsserted(() -> assertThat(counted(name)).isEqualTo(284));
    List<DeadLetter> letters =
        service.getBean(DeadLetters.class).list(Topics.PREDICTIONS.deadLetterName(), 100);
    assertThat(letters)
        .hasSizeGreaterThanOrEqualTo(Topics.PREDICTIONS.partitions())
        .allSatisfy(letter -> assertThat(letter.reason()).isEqualTo("unknown-schema-id"));
  }

  @Test
  void answersProblemsForWhatIsNotThere() throws Exception {
    HttpResponse<String> missing = http("/api/v1/monitoring/production/nothing/windows");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.headers().firstValue("Content-Type").orElse(""))
        .contains("application/problem+json");
    assertThat(http("/api/v1/monitoring/production/nothing/windows?pageToken=x").statusCode())
        .isEqualTo(400);
    assertThat(http("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(http("/actuator/prometheus").body()).contains("monitoring_rows_total");
  }

  private static ConfigurableApplicationContext run() {
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    return MonitoringService.application()
        .initializers(MonitoringIT::ownNetworkThreads)
        .run(
            "--server.port=0",
            "--millrace.kafka.bootstrap-servers=" + EmbeddedPlatform.shared().kafkaBootstrap(),
            "--millrace.postgres.host=" + postgres.getHost(),
            "--millrace.postgres.port=" + postgres.getPort(),
            "--millrace.postgres.database=" + database.name(),
            "--millrace.postgres.user=" + database.user(),
            "--millrace.postgres.password=" + database.password(),
            "--millrace.artifact.uri=" + artifacts.uri(),
            "--millrace.monitoring.consumers=2",
            "--millrace.monitoring.batch=20",
            "--millrace.monitoring.grace=0s",
            "--millrace.monitoring.tick=200ms");
  }

  /** Without this the end of one context closes the web servers of all contexts of the JVM. */
  private static void ownNetworkThreads(ConfigurableApplicationContext context) {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    resources.afterPropertiesSet();
    context.getBeanFactory().registerSingleton("reactorResourceFactory", resources);
  }

  private static ModelPackage write(Path directory) throws IOException {
    List<ColumnProfile> features = new ArrayList<>();
    REFERENCE.forEach((name, values) -> features.add(NumericProfile.of(name, values)));
    List<String> labels =
        Arrays.stream(REFERENCE.get("mean_radius")).mapToObj(MonitoringIT::label).toList();
    Profile profile =
        new Profile(
            Profile.FORMAT,
            Profile.VERSION,
            labels.size(),
            features,
            null,
            CategoricalProfile.of("target", labels),
            null);
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            Manifest.VERSION,
            Instant.parse("2026-11-21T00:00:00Z"),
            "test",
            "run",
            "request",
            "breast-cancer",
            "test",
            Map.of(),
            42,
            new Manifest.Dataset("breast-cancer", "1", null, "target", 285, Split.DEFAULT),
            Task.CLASSIFICATION,
            List.of("0", "1"),
            COLUMNS.stream().map(c -> new Feature(c, ColumnKind.NUMERIC, List.of())).toList(),
            null,
            Map.of(),
            List.of());
    return ModelPackage.write(
        directory,
        manifest,
        Files.readAllBytes(Samples.file("any.onnx")),
        profile,
        new ModelPackage.InputExample(COLUMNS, List.of()));
  }

  private static String label(double radius) {
    return radius > 15 ? "0" : "1";
  }

  private static String want(String prefix, int version, long revision, String... monitor) {
    String name = prefix + "-" + UUID.randomUUID();
    want(prefix, name, version, revision, monitor);
    return name;
  }

  private static void want(
      String prefix, String name, int version, long revision, String... monitor) {
    String pipeline =
        PipelineFile.parse(
                """
                name: breast-cancer
                dataset: {name: breast-cancer-wisconsin, target: target}
                train: {trainer: smile/random-forest}
                monitor: {%s, drift: {share: 0.3, min-rows: 20}}
                """
                    .formatted(String.join(", ", monitor)))
            .orThrow()
            .toJson();
    publisher
        .publish(
            Topics.DESIRED_STATE,
            "production/" + name,
            DesiredState.newBuilder()
                .setRequestId("request-" + name)
                .setEnvironment("production")
                .setModelName(name)
                .setVersion(version)
                .setRevision(revision)
                .setRunId("run")
                .setModelPackage(
                    FileRef.newBuilder()
                        .setUri("mlflow-artifacts:/1/run/artifacts/model")
                        .setMediaType(ModelPackage.MEDIA_TYPE)
                        .setSha256(model.sha256())
                        .setSize(model.size())
                        .build())
                .setPipeline(pipeline)
                .setDecidedAt(Instant.now())
                .build(),
            null)
        .join();
  }

  private static List<List<Object>> rows(String sample) {
    Map<String, double[]> columns = Samples.columns(sample);
    List<List<Object>> rows = new ArrayList<>();
    for (int r = 0; r < columns.get("mean_radius").length; r++) {
      int row = r;
      rows.add(columns.values().stream().map(c -> (Object) c[row]).toList());
    }
    return rows;
  }

  /** Publishes a sample as many calls of few rows. */
  private static void log(String name, int version, String sample) {
    log(name, version, rows(sample));
  }

  private static void log(String name, int version, List<List<Object>> rows) {
    List<CompletableFuture<?>> sent = new ArrayList<>();
    for (int from = 0; from < rows.size(); from += 7) {
      sent.add(
          send(name, version, Instant.now(), rows.subList(from, Math.min(rows.size(), from + 7))));
    }
    CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
  }

  private static void publish(String name, int version, Instant at, List<List<Object>> rows) {
    send(name, version, at, rows).join();
  }

  private static CompletableFuture<?> send(
      String name, int version, Instant at, List<List<Object>> rows) {
    PredictionLogged event = prediction(name, version, at, rows);
    return publisher.publish(Topics.PREDICTIONS, event.getPredictionId(), event, null);
  }

  private static PredictionLogged prediction(
      String name, int version, Instant at, List<List<Object>> rows) {
    int radius = COLUMNS.indexOf("mean_radius");
    return PredictionLogged.newBuilder()
        .setPredictionId(UUID.randomUUID().toString())
        .setEnvironment("production")
        .setModelName(name)
        .setVersion(version)
        .setTimestamp(at)
        .setProtocol("v2")
        .setColumns(COLUMNS)
        .setRows(rows)
        .setPredictions(rows.stream().map(r -> (Object) label((Double) r.get(radius))).toList())
        .setClasses(List.of("0", "1"))
        .setProbabilities(rows.stream().map(r -> List.of(.5, .5)).toList())
        .setLatencyMicros(100)
        .build();
  }

  private static HttpResponse<String> http(String path) {
    int port = ((WebServerApplicationContext) service).getWebServer().getPort();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode get(String path) {
    return JsonMapper.shared().readTree(http(path).body());
  }

  private static JsonNode item(String name) {
    for (JsonNode item : get("/api/v1/monitoring").get("items")) {
      if (item.get("modelName").asString().equals(name)) {
        return item;
      }
    }
    throw new AssertionError(name + " is not watched");
  }

  private static String status(String name) {
    return item(name).get("status").asString();
  }

  /** Verdicts of the closed windows, oldest first. */
  private static List<String> verdicts(String name) {
    return service
        .getBean(Database.class)
        .read(
            tx ->
                tx.query(
                    """
                    select verdict from windows where model_name = $1 and state = 'CLOSED'
                    order by revision, number
                    """,
                    row -> row.string("verdict"),
                    name));
  }

  private static long counted(String name) {
    return service
        .getBean(Database.class)
        .read(
            tx ->
                tx.query(
                        "select coalesce(sum(rows), 0)::bigint as rows from windows where model_name = $1",
                        row -> row.int8("rows"),
                        name)
                    .getFirst());
  }

  private static <T extends SpecificRecord> List<T> events(
      Topic topic, Class<T> type, Predicate<T> wanted) {
    EventCodec codec = new EventCodec();
    List<T> found = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> each : records(topic)) {
      SpecificRecord event = codec.decode(each.value());
      if (type.isInstance(event) && wanted.test(type.cast(event))) {
        found.add(type.cast(event));
      }
    }
    return found;
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(Topic topic) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap());
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic.name()).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long end = consumer.endOffsets(partitions).values().stream().mapToLong(o -> o).sum();
      while (records.size() < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    records.removeIf(r -> r.value().length < 10);
    return records;
  }

  private static String topicId() {
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap()))) {
      return admin
          .describeTopics(List.of(Topics.PREDICTIONS.name()))
          .allTopicNames()
          .toCompletionStage()
          .toCompletableFuture()
          .join()
          .get(Topics.PREDICTIONS.name())
          .topicId()
          .toString();
    }
  }
}
