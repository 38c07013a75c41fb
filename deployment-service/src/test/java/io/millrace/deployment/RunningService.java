package io.millrace.deployment;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.embedded.SharedPlatform;
import io.millrace.events.ApprovalRequested;
import io.millrace.events.DeploymentFailed;
import io.millrace.events.DesiredState;
import io.millrace.events.FileRef;
import io.millrace.events.GateResult;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelEvaluated;
import io.millrace.events.ModelRejected;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.EventPublisher;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The service on real Kafka and PostgreSQL, with the neighbours' events and a listener for its own.
 */
final class RunningService implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final SharedPlatform platform = EmbeddedPlatform.shared();
  private final FreshDatabase database = platform.freshDatabase();
  private final HttpClient http = HttpClient.newHttpClient();
  private final EventPublisher neighbours;
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private final Thread listener;
  private volatile boolean closed;
  private ConfigurableApplicationContext context;

  /** An event the service published. */
  record Seen(String topic, String key, SpecificRecord event) {}

  /** An answer. */
  record Answer(int status, JsonNode body) {}

  RunningService() {
    context = start();
    neighbours = EventPublisher.connect(platform.kafkaBootstrap(), "neighbours");
    listener = Thread.ofVirtual().start(this::listen);
  }

  /** Stops the service and starts it again on the same database. */
  void restart() {
    context.close();
    context = start();
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  <T> T bean(String name, Class<T> type) {
    return context.getBean(name, type);
  }

  private ConfigurableApplicationContext start() {
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    return DeploymentService.application()
        .run(
            "--server.port=0",
            "--millrace.kafka.bootstrap-servers=" + platform.kafkaBootstrap(),
            "--millrace.postgres.host=" + postgres.getHost(),
            "--millrace.postgres.port=" + postgres.getPort(),
            "--millrace.postgres.database=" + database.name(),
            "--millrace.postgres.user=" + database.user(),
            "--millrace.postgres.password=" + database.password());
  }

  Answer get(String path) {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  Answer post(String path, String json, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  private Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(request.timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
      return new Answer(response.statusCode(), JSON.readTree(response.body()));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private URI uri(String path) {
    String port = context.getEnvironment().getProperty("local.server.port");
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** A verdict arrives; approvals as in {@code {production: {approvers: 1}}}. */
  void evaluated(String model, int version, boolean passed, String environments, String approval) {
    publish(Topics.EVALUATIONS, model, evaluation(model, version, passed, environments, approval));
  }

  static ModelEvaluated evaluation(
      String model, int version, boolean passed, String environments, String approval) {
    return ModelEvaluated.newBuilder()
        .setRequestId("flow-" + model + "-" + version)
        .setRunId("run-" + version)
        .setModelName(model)
        .setVersion(version)
        .setModelPackage(
            FileRef.newBuilder()
                .setUri("mlflow-artifacts:/1/run-" + version + "/artifacts/model")
                .setMediaType("application/x-directory")
                .setSha256("ab".repeat(32))
                .setSize(1000)
                .build())
        .setVerdict(passed ? "PASSED" : "FAILED")
        .setRows(100)
        .setMetrics(List.of())
        .setGates(
            List.of(
                GateResult.newBuilder()
                    .setMetric("roc_auc")
                    .setCondition("at least 0.95")
                    .setThreshold(0.95)
                    .setValue(passed ? 0.98 : 0.9)
                    .setPassed(passed)
                    .setMessage("roc_auc is " + (passed ? 0.98 : 0.9) + ".")
                    .build()))
        .setPipeline(
            PipelineFile.parse(
                    PipelineFile.template(model, "data", "target")
                        .replace(
                            "environments: [staging, production]",
                            "environments: "
                                + environments
                                + (approval.isEmpty() ? "" : "\n  approval: " + approval)))
                .orThrow()
                .toJson())
        .setRequestedBy("alice")
        .build();
  }

  /** A replica reports that it serves what the environment wants. */
  void deployed(DesiredState wanted, String replica) {
    publish(Topics.DEPLOYMENTS, key(wanted), deployment(wanted, replica));
  }

  static ModelDeployed deployment(DesiredState wanted, String replica) {
    return ModelDeployed.newBuilder()
        .setRequestId(wanted.getRequestId())
        .setEnvironment(wanted.getEnvironment())
        .setModelName(wanted.getModelName())
        .setVersion(wanted.getVersion())
        .setRevision(wanted.getRevision())
        .setReplica(replica)
        .setLoadMillis(12)
        .build();
  }

  /** A replica reports that it cannot. */
  void failed(DesiredState wanted, String replica) {
    publish(
        Topics.DEPLOYMENTS,
        key(wanted),
        DeploymentFailed.newBuilder()
            .setRequestId(wanted.getRequestId())
            .setEnvironment(wanted.getEnvironment())
            .setModelName(wanted.getModelName())
            .setVersion(wanted.getVersion())
            .setRevision(wanted.getRevision())
            .setReplica(replica)
            .setReason("package-corrupt")
            .setMessage("model.onnx differs from the manifest.")
            .build());
  }

  static String key(DesiredState wanted) {
    return wanted.getEnvironment() + "/" + wanted.getModelName();
  }

  void publish(Topic topic, String key, SpecificRecord event) {
    neighbours.publish(topic, key, event, null).join();
  }

  void publish(Topic topic, String key, SpecificRecord event, UUID id) {
    neighbours.publish(topic, key, event, null, id).join();
  }

  /** Waits for a revision of an environment and model. */
  DesiredState awaitWanted(String environment, String model, long revision) {
    return await(
        "revision " + revision + " of " + environment + "/" + model,
        () ->
            events(DesiredState.class, model)
                .filter(
                    wanted ->
                        wanted.getEnvironment().equals(environment)
                            && wanted.getRevision() == revision));
  }

  /** Waits for the approval of a version. */
  ApprovalRequested awaitApproval(String model, int version) {
    return await(
        "approval of " + model + " " + version,
        () ->
            events(ApprovalRequested.class, model)
                .filter(approval -> approval.getVersion() == version));
  }

  ModelRejected awaitRejected(String model, int version) {
    return await(
        "rejection of " + model + " " + version,
        () -> events(ModelRejected.class, model).filter(event -> event.getVersion() == version));
  }

  /** Waits until a query counts so many rows. */
  void awaitCount(String sql, long many) {
    Awaitility.await(sql)
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                bean(io.millrace.database.Database.class)
                    .read(tx -> tx.query(sql, row -> row.int8("n")).getFirst()),
            counted -> counted == many);
  }

  <T> T await(String what, java.util.function.Supplier<Stream<T>> candidates) {
    Awaitility.await(what)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> candidates.get().findFirst().isPresent());
    return candidates.get().findFirst().orElseThrow();
  }

  /** What the service published on one model, in order per topic. */
  <T extends SpecificRecord> Stream<T> events(Class<T> type, String model) {
    return seen.stream()
        .filter(event -> event.key().equals(model) || event.key().endsWith("/" + model))
        .map(Seen::event)
        .filter(type::isInstance)
        .map(type::cast);
  }

  /**
   * Waits until everything published so far on a model was applied, by a report nobody waits for.
   */
  void settle(String model) {
    String replica = "probe-" + UUID.randomUUID();
    for (Topic topic : List.of(Topics.EVALUATIONS, Topics.DEPLOYMENTS)) {
      awaitConsumed(topic, replica);
    }
    // The relay has passed on what was decided when its table is empty.
    Awaitility.await("outbox of " + model)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                bean(io.millrace.database.Database.class)
                    .read(
                        tx ->
                            tx.query("select count(*) as n from outbox", row -> row.int8("n"))
                                    .getFirst()
                                == 0));
    long end = end(List.of(Topics.PROMOTIONS, Topics.DESIRED_STATE));
    Awaitility.await("listener").until(() -> position >= end);
  }

  private volatile long position;

  private void awaitConsumed(Topic topic, String probe) {
    try (org.apache.kafka.clients.admin.Admin admin =
        org.apache.kafka.clients.admin.Admin.create(
            Map.of("bootstrap.servers", platform.kafkaBootstrap()))) {
      long end = end(List.of(topic));
      Awaitility.await(topic.name() + " " + probe)
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  admin
                          .listConsumerGroupOffsets("deployment-service")
                          .partitionsToOffsetAndMetadata()
                          .get()
                          .entrySet()
                          .stream()
                          .filter(entry -> entry.getKey().topic().equals(topic.name()))
                          .mapToLong(entry -> entry.getValue().offset())
                          .sum()
                      >= end);
    }
  }

  private long end(List<Topic> topics) {
    try (KafkaConsumer<String, byte[]> consumer = consumer()) {
      List<TopicPartition> partitions = partitions(topics);
      return consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
    }
  }

  private static List<TopicPartition> partitions(List<Topic> topics) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (Topic topic : topics) {
      for (int p = 0; p < topic.partitions(); p++) {
        partitions.add(new TopicPartition(topic.name(), p));
      }
    }
    return partitions;
  }

  private KafkaConsumer<String, byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", platform.kafkaBootstrap()),
        new StringDeserializer(),
        new ByteArrayDeserializer());
  }

  private void listen() {
    EventCodec codec = new EventCodec();
    try (KafkaConsumer<String, byte[]> consumer = consumer()) {
      List<TopicPartition> partitions =
          partitions(List.of(Topics.PROMOTIONS, Topics.DESIRED_STATE));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (!closed) {
        for (ConsumerRecord<String, byte[]> incoming : consumer.poll(Duration.ofMillis(100))) {
          seen.add(new Seen(incoming.topic(), incoming.key(), codec.decode(incoming.value())));
        }
        position = partitions.stream().mapToLong(consumer::position).sum();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      listener.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    neighbours.close();
    context.close();
  }
}
