package io.millrace.tracking;

import io.millrace.database.Database;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.embedded.SharedPlatform;
import io.millrace.events.RunQueued;
import io.millrace.events.TrainRequested;
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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The service on real Kafka and PostgreSQL, shared by all tests of this JVM since its consumer
 * groups have their names; only the datasets are a stand-in.
 */
public final class RunningTracking {

  public static final JsonMapper JSON = JsonMapper.shared();

  private static final List<String> GROUPS =
      List.of("tracking-intake", "tracking-flows", "tracking-served", "tracking-letters");
  private static RunningTracking shared;

  private final SharedPlatform platform = EmbeddedPlatform.shared();
  private final FreshDatabase database = platform.freshDatabase();
  private final DatasetStandIn datasets = new DatasetStandIn();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final EventPublisher neighbours;
  private final KafkaProducer<byte[], byte[]> strangers;
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private ConfigurableApplicationContext context;

  /** An event on a topic with history. */
  public record Seen(String topic, String key, SpecificRecord event, Map<String, String> headers) {}

  /** An answer; an empty body is an empty object. */
  public record Answer(int status, JsonNode body, String text) {}

  private RunningTracking() {
    context = run(TrackingService.application());
    neighbours = EventPublisher.connect(platform.kafkaBootstrap(), "neighbours");
    strangers =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                platform.kafkaBootstrap(),
                "linger.ms",
                0,
                "max.request.size",
                20 << 20,
                "buffer.memory",
                64 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    Thread.ofPlatform().daemon().name("listener").start(this::listen);
  }

  public static synchronized RunningTracking shared() {
    if (shared == null) {
      shared = new RunningTracking();
    }
    return shared;
  }

  /** Another replica beside this one, until it is closed. */
  public ConfigurableApplicationContext replica() {
    // Closing global resources would end the network threads of the other one in this JVM.
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    return run(
        TrackingService.application()
            .initializers(
                (ApplicationContextInitializer<GenericApplicationContext>)
                    starting ->
                        starting.registerBean(
                            "reactorResources", ReactorResourceFactory.class, () -> resources)));
  }

  /** A part of the service. */
  public <T> T part(Class<T> type) {
    return context.getBean(type);
  }

  private ConfigurableApplicationContext run(SpringApplicationBuilder application) {
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    List<String> arguments =
        List.of(
            "--server.port=0",
            "--millrace.kafka.bootstrap-servers=" + platform.kafkaBootstrap(),
            "--millrace.postgres.host=" + postgres.getHost(),
            "--millrace.postgres.port=" + postgres.getPort(),
            "--millrace.postgres.database=" + database.name(),
            "--millrace.postgres.user=" + database.user(),
            "--millrace.postgres.password=" + database.password(),
            "--millrace.artifact.uri=" + datasets.uri(),
            "--millrace.leases.lease=5s",
            "--millrace.leases.lost-after=0s",
            "--millrace.leases.lost-check=200ms",
            "--millrace.flows.heartbeat=1s",
            "--millrace.heartbeats.check=200ms",
            "--millrace.retention.enabled=false",
            "--millrace.webhooks.allow-http=true",
            "--millrace.webhooks.allowed-networks=127.0.0.1",
            "--millrace.webhooks.key=" + "A".repeat(43) + "=",
            "--millrace.webhooks.timeout=1s",
            "--millrace.webhooks.retries=100ms,100ms,100ms,100ms,100ms,100ms",
            "--millrace.webhooks.poll=100ms");
    return application.run(arguments.toArray(String[]::new));
  }

  public void stop() {
    context.close();
  }

  public void start() {
    context = run(TrackingService.application());
  }

  /** Lets the stopped service's consumers begin with the first record of each topic again. */
  public void rewind() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaBootstrap()))) {
      for (String group : GROUPS) {
        Map<TopicPartition, OffsetAndMetadata> beginning = new java.util.HashMap<>();
        partitions(group).forEach(from -> beginning.put(from, new OffsetAndMetadata(0)));
        admin.alterConsumerGroupOffsets(group, beginning).all().get();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until everything published so far is applied, and what that published as well. */
  public void settle() {
    long quiet = 0;
    for (int round = 0; round < 400 && quiet < 3; round++) {
      quiet = outbox() == 0 && lag() == 0 ? quiet + 1 : 0;
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    if (quiet < 3) {
      throw new AssertionError("not settled: outbox " + outbox() + ", lag " + lag());
    }
  }

  private long outbox() {
    return count("select count(*) as n from outbox");
  }

  private long lag() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaBootstrap()));
        KafkaConsumer<String, byte[]> consumer = consumer()) {
      long lag = 0;
      for (String group : GROUPS) {
        Map<TopicPartition, OffsetAndMetadata> offsets =
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        for (var end : consumer.endOffsets(partitions(group)).entrySet()) {
          OffsetAndMetadata done = offsets.get(end.getKey());
          lag += end.getValue() - (done == null ? 0 : done.offset());
        }
      }
      return lag;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<TopicPartition> partitions(String group) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (Topic topic : Topics.all()) {
      boolean heard =
          switch (group) {
            case "tracking-intake" -> topic == Topics.TRAIN_REQUESTS;
            case "tracking-flows" -> topic.history() && topic != Topics.TRAIN_REQUESTS;
            case "tracking-served" -> topic == Topics.PROMOTIONS || topic == Topics.DEPLOYMENTS;
            default -> topic.history();
          };
      String name = group.equals("tracking-letters") ? topic.deadLetterName() : topic.name();
      for (int p = 0; heard && p < (name.equals(topic.name()) ? topic.partitions() : 1); p++) {
        partitions.add(new TopicPartition(name, p));
      }
    }
    return partitions;
  }

  /** A part of the running service. */
  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /** A part of the running service, of which there are several of its kind. */
  public <T> T bean(String name, Class<T> type) {
    return context.getBean(name, type);
  }

  public Database database() {
    return context.getBean(Database.class);
  }

  public long count(String sql, Object... args) {
    return database().read(tx -> tx.query(sql, row -> row.int8("n"), args).getFirst());
  }

  public DatasetStandIn datasets() {
    return datasets;
  }

  public URI uri(String path) {
    String port = context.getEnvironment().getProperty("local.server.port");
    return URI.create("http://127.0.0.1:" + port + path);
  }

  public HttpClient http() {
    return http;
  }

  public Answer get(String path) {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  public Answer post(String path, String json, String... headers) {
    return send("POST", path, json, headers);
  }

  /** Sends JSON in which single quotes stand for double ones. */
  public Answer send(String method, String path, String json, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  /** Sends JSON that is right as it stands. */
  public Answer sendAsIs(String method, String path, String json) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json)));
  }

  public Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(request.timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
      String text = response.body();
      return new Answer(
          response.statusCode(),
          text.startsWith("{") ? JSON.readTree(text) : JSON.createObjectNode(),
          text);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public Answer mlflow(String call, String json) {
    return post("/api/2.0/mlflow/" + call, json);
  }

  /** Applies a pipeline on the iris data. */
  public void apply(String name) {
    Answer answer =
        send(
            HttpRequest.newBuilder(uri("/api/v1/pipelines"))
                .header("Content-Type", "text/yaml")
                .POST(HttpRequest.BodyPublishers.ofString(definition(name))));
    if (answer.status() > 201) {
      throw new AssertionError(answer.text());
    }
  }

  public static String definition(String name) {
    return PipelineFile.template(name, "iris", "species");
  }

  /** Publishes a request for an applied pipeline and waits for its job. */
  public RunQueued queued(String pipeline, String requestId) {
    request(requestId, pipeline);
    return await(RunQueued.class, event -> event.getRequestId().equals(requestId));
  }

  public void request(String requestId, String pipeline) {
    publish(
        Topics.TRAIN_REQUESTS,
        requestId,
        TrainRequested.newBuilder()
            .setRequestId(requestId)
            .setPipeline(pipeline)
            .setRequestedBy("alice")
            .build());
  }

  public void publish(Topic topic, String key, SpecificRecord event) {
    neighbours.publish(topic, key, event, null).join();
  }

  public void publish(Topic topic, String key, SpecificRecord event, UUID id) {
    neighbours.publish(topic, key, event, null, id).join();
  }

  /** Publishes bytes as a program that knows nothing of us; returns their place. */
  public String publishRaw(Topic topic, String key, byte[] value, String... headers) {
    ProducerRecord<byte[], byte[]> outgoing =
        new ProducerRecord<>(
            topic.name(), key == null ? null : key.getBytes(StandardCharsets.UTF_8), value);
    for (int i = 0; i < headers.length; i += 2) {
      outgoing.headers().add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
    }
    try {
      var at = strangers.send(outgoing).get();
      return at.topic() + "-" + at.partition() + "-" + at.offset();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Puts a record aside as a service does that could not process it. */
  public void publishDeadLetter(Topic topic, String key, byte[] value, String reason) {
    publishDeadLetter(topic, key, value, reason, "");
  }

  public void publishDeadLetter(
      Topic topic, String key, byte[] value, String reason, String flowId) {
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(topic.deadLetterName(), key.getBytes(StandardCharsets.UTF_8), value);
    Map.of(
            "reason", reason,
            "message", "of a test",
            "original-topic", topic.name(),
            "original-partition", "0",
            "original-offset", Long.toString(System.nanoTime()),
            "consumer", "training",
            "attempts", "4")
        .forEach(
            (name, text) ->
                letter
                    .headers()
                    .add("millrace-dlt-" + name, text.getBytes(StandardCharsets.UTF_8)));
    if (!flowId.isEmpty()) {
      letter.headers().add("ce_flowid", flowId.getBytes(StandardCharsets.UTF_8));
    }
    strangers.send(letter);
    strangers.flush();
  }

  public <T extends SpecificRecord> Stream<T> events(Class<T> type) {
    return seen.stream().map(Seen::event).filter(type::isInstance).map(type::cast);
  }

  public List<Seen> seen() {
    return seen;
  }

  public <T extends SpecificRecord> T await(Class<T> type, Predicate<T> wanted) {
    Awaitility.await(type.getSimpleName())
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> events(type).anyMatch(wanted));
    return events(type).filter(wanted).findFirst().orElseThrow();
  }

  /** Waits until a flow has reached a status; returns its story. */
  public JsonNode awaitFlow(String requestId, String status) {
    Awaitility.await(requestId + " " + status)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                get("/api/v1/flows/" + requestId)
                    .body()
                    .path("status")
                    .asString("")
                    .equals(status));
    return get("/api/v1/flows/" + requestId).body();
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
      List<TopicPartition> partitions = new ArrayList<>();
      for (Topic topic : Topics.all()) {
        if (topic.history() && topic != Topics.TRAIN_REQUESTS) {
          for (int p = 0; p < topic.partitions(); p++) {
            partitions.add(new TopicPartition(topic.name(), p));
          }
        }
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (true) {
        for (ConsumerRecord<String, byte[]> incoming : consumer.poll(Duration.ofMillis(100))) {
          Map<String, String> headers = new java.util.TreeMap<>();
          incoming
              .headers()
              .forEach(
                  header ->
                      headers.put(
                          header.key(), new String(header.value(), StandardCharsets.UTF_8)));
          try {
            seen.add(
                new Seen(
                    incoming.topic(), incoming.key(), codec.decode(incoming.value()), headers));
          } catch (RuntimeException brokenOnPurpose) {
            // A test put it there to see what the service makes of it.
          }
        }
      }
    }
  }
}
