package io.millrace.messaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.database.DatabaseUnavailable;
import io.millrace.events.DesiredState;
import io.millrace.events.RunEnded;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

class ConsumersIT {

  private static final List<ReceivedEvent<?>> SEEN = new CopyOnWriteArrayList<>();
  private static final List<ReceivedTombstone> GONE = new CopyOnWriteArrayList<>();
  private static final Map<String, String> TRACES = new ConcurrentHashMap<>();
  private static final Map<String, AtomicInteger> ATTEMPTS = new ConcurrentHashMap<>();
  private static final Map<String, Supplier<RuntimeException>> TROUBLE = new ConcurrentHashMap<>();

  private static ConfigurableApplicationContext context;
  private static EventPublisher publisher;
  private static KafkaProducer<byte[], byte[]> raw;

  @Configuration(proxyBeanMethods = false)
  static class Consumers {

    @Bean
    Consumer<Message<byte[]>> runs(EventHandlersFactory handlers) {
      return handlers.named("test.runs").on(RunStarted.class, Consumers::see).build();
    }

    @Bean
    Consumer<Message<byte[]>> requests(EventHandlersFactory handlers) {
      return handlers.named("test.requests").on(TrainRequested.class, Consumers::see).build();
    }

    @Bean
    Consumer<Message<byte[]>> state(EventHandlersFactory handlers) {
      return handlers
          .named("test.state")
          .on(DesiredState.class, Consumers::see)
          .onTombstone(GONE::add)
          .build();
    }

    private static void see(ReceivedEvent<?> event) {
      ATTEMPTS.computeIfAbsent(event.key(), key -> new AtomicInteger()).incrementAndGet();
      Supplier<RuntimeException> trouble = TROUBLE.get(event.key());
      if (trouble != null) {
        RuntimeException failure = trouble.get();
        if (failure != null) {
          throw failure;
        }
      }
      TraceContext.current().ifPresent(t -> TRACES.put(event.key(), t.traceparent()));
      assertThat(MDC.get("traceId")).isNotBlank();
      SEEN.add(event);
    }
  }

  @BeforeAll
  static void start() {
    context =
        TestService.of(Consumers.class, "consumers-test")
            .binding("runs", Topics.RUNS.name(), "consumers-test-runs")
            .binding("requests", Topics.TRAIN_REQUESTS.name(), "consumers-test-requests")
            .binding("state", Topics.DESIRED_STATE.name(), "consumers-test-state")
            .with("millrace.consumer.first-pause", "20ms")
            .with("millrace.consumer.longest-pause", "200ms")
            .with("millrace.consumer.max-attempts", "3")
            .with(
                "spring.cloud.stream.kafka.binder.consumer-properties[max.partition.fetch.bytes]",
                "20971520")
            .start();
    publisher = context.getBean(EventPublisher.class);
    raw =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                context.getEnvironment().getRequiredProperty("millrace.kafka.bootstrap-servers"),
                "compression.type",
                "gzip",
                "max.request.size",
                30 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  @AfterAll
  static void stop() {
    raw.close();
    context.close();
  }

  private static ConditionFactory eventually(String what) {
    return await().alias(what).atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50));
  }

  private static List<? extends ReceivedEvent<?>> seen(String key) {
    return SEEN.stream().filter(event -> event.key().equals(key)).toList();
  }

  private static List<ReceivedTombstone> gone(String key) {
    return GONE.stream().filter(tombstone -> tombstone.key().equals(key)).toList();
  }

  private static RecordMetadata send(
      String topic, String key, byte[] value, Map<String, String> headers) throws Exception {
    ProducerRecord<byte[], byte[]> outgoing =
        new ProducerRecord<>(topic, key.isEmpty() ? null : key.getBytes(UTF_8), value);
    headers.forEach((name, text) -> outgoing.headers().add(name, text.getBytes(UTF_8)));
    return raw.send(outgoing).get();
  }

  private static ConsumerRecord<byte[], byte[]> deadLetter(String topic, RecordMetadata original) {
    return eventually("dead letter of " + original)
        .until(
            () ->
                TopicReader.all(
                    topic + ".dlt",
                    letter ->
                        TopicReader.header(letter, "millrace-dlt-original-offset")
                                .equals(Long.toString(original.offset()))
                            && TopicReader.header(letter, "millrace-dlt-original-partition")
                                .equals(Integer.toString(original.partition()))),
            found -> !found.isEmpty())
        .getFirst();
  }

  @Test
  void handsEventsOverWithTheirCloudEventsHeadersAndTrace() throws Exception {
    RunStarted event = Samples.runStarted("headers", 1);
    TraceContext trace = TraceContext.begin();
    trace.run(() -> publisher.publish(Topics.RUNS, "headers", event, "flow-1").join());
    eventually("event").until(() -> !seen("headers").isEmpty());
    ReceivedEvent<?> received = seen("headers").getFirst();
    assertThat(received.payload()).isEqualTo(event);
    assertThat(received.id()).matches("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab].*");
    assertThat(received.source()).isEqualTo("/millrace/consumers-test");
    assertThat(received.flowId()).isEqualTo("flow-1");
    assertThat(received.topic()).isEqualTo("millrace.runs");
    assertThat(received.type()).isEqualTo("RunStarted");
    assertThat(received.commandId()).isEqualTo(received.id());
    assertThat(received.time()).isBetween(Instant.now().minusSeconds(60), Instant.now());
    assertThat(TRACES.get("headers")).contains(trace.traceId()).isNotEqualTo(trace.traceparent());

    ConsumerRecord<byte[], byte[]> stored =
        TopicReader.ofKey("millrace.runs", "headers").getFirst();
    Map<String, String> headers = new HashMap<>();
    stored
        .headers()
        .forEach(header -> headers.put(header.key(), new String(header.value(), UTF_8)));
    assertThat(headers)
        .containsEntry("ce_specversion", "1.0")
        .containsEntry("ce_type", "io.millrace.RunStarted")
        .containsEntry("ce_subject", "headers")
        .containsEntry("content-type", "application/avro")
        .containsKeys("ce_id", "ce_time", "traceparent");
    int id = publisher == null ? 0 : new EventCodec().schemaId(event);
    assertThat(headers).containsEntry("ce_dataschema", "/schema-registry/schemas/ids/" + id);
  }

  @Test
  void skipsEventsWithoutAHandler() {
    publisher.publish(Topics.RUNS, "skips", Samples.runEnded("skips"), null).join();
    publisher.publish(Topics.RUNS, "skips", Samples.runStarted("skips", 2), null).join();
    eventually("the second event").until(() -> !seen("skips").isEmpty());
    assertThat(seen("skips")).hasSize(1);
  }

  @Test
  void skipsAnEventOfANewerReleaseThatItWouldNotHandle() throws Exception {
    byte[] newer = {0, 0x7f, 0, 0, 1, 2, 3};
    send("millrace.runs", "newer", newer, Map.of("ce_type", "io.millrace.RunPraised"));
    RecordMetadata handled =
        send("millrace.runs", "newer", newer, Map.of("ce_type", "io.millrace.RunStarted"));
    deadLetter("millrace.runs", handled);
    assertThat(
            TopicReader.all(
                "millrace.runs.dlt",
                letter -> TopicReader.header(letter, "ce_type").equals("io.millrace.RunPraised")))
        .isEmpty();
  }

  @Test
  void keepsTheOrderWhileAHandlerFails() {
    AtomicInteger left = new AtomicInteger(2);
    TROUBLE.put(
        "order", () -> left.getAndDecrement() > 0 ? new IllegalStateException("bad day") : null);
    for (int i = 0; i < 5; i++) {
      publisher.publish(Topics.RUNS, "order", Samples.runStarted("order", i), null).join();
    }
    eventually("five events").until(() -> seen("order").size() == 5);
    assertThat(seen("order"))
        .extracting(event -> ((RunStarted) event.payload()).getAttempt())
        .containsExactly(0, 1, 2, 3, 4);
    assertThat(ATTEMPTS.get("order")).hasValue(7);
  }

  @Test
  void deadLettersATerminalFailureAtOnceAndMovesOn() {
    TROUBLE.put(
        "terminal",
        () -> {
          if (ATTEMPTS.get("terminal").get() == 1) {
            return new TerminalFailure("unknown-run", "There is no run terminal.");
          }
          return null;
        });
    PublishedAt first =
        publisher
            .publish(Topics.RUNS, "terminal", Samples.runStarted("terminal", 1), "flow-t")
            .join();
    publisher.publish(Topics.RUNS, "terminal", Samples.runStarted("terminal", 2), null).join();
    eventually("the next event").until(() -> !seen("terminal").isEmpty());
    ConsumerRecord<byte[], byte[]> letter =
        eventually("dead letter")
            .until(() -> TopicReader.ofKey("millrace.runs.dlt", "terminal"), l -> !l.isEmpty())
            .getFirst();
    assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo("unknown-run");
    assertThat(TopicReader.header(letter, "millrace-dlt-message"))
        .isEqualTo("There is no run terminal.");
    assertThat(TopicReader.header(letter, "millrace-dlt-original-topic"))
        .isEqualTo("millrace.runs");
    assertThat(TopicReader.header(letter, "millrace-dlt-original-offset"))
        .isEqualTo(Long.toString(first.offset()));
    assertThat(TopicReader.header(letter, "millrace-dlt-consumer"))
        .isEqualTo("consumers-test-runs");
    assertThat(TopicReader.header(letter, "millrace-dlt-attempts")).isEqualTo("1");
    assertThat(TopicReader.header(letter, "ce_flowid")).isEqualTo("flow-t");
    assertThat(Instant.parse(TopicReader.header(letter, "millrace-dlt-time")))
        .isAfter(Instant.now().minusSeconds(60));
    assertThat(new EventCodec().decode(letter.value()))
        .isInstanceOfSatisfying(RunStarted.class, e -> assertThat(e.getAttempt()).isEqualTo(1));
  }

  @Test
  void deadLettersAfterABoundedNumberOfOtherFailures() {
    TROUBLE.put("defect", () -> new IllegalStateException("a defect"));
    publisher.publish(Topics.RUNS, "defect", Samples.runStarted("defect", 1), null).join();
    ConsumerRecord<byte[], byte[]> letter =
        eventually("dead letter")
            .until(() -> TopicReader.ofKey("millrace.runs.dlt", "defect"), l -> !l.isEmpty())
            .getFirst();
    assertThat(ATTEMPTS.get("defect")).hasValue(3);
    assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo("attempts-exhausted");
    assertThat(TopicReader.header(letter, "millrace-dlt-message")).contains("a defect");
    assertThat(TopicReader.header(letter, "millrace-dlt-attempts")).isEqualTo("3");
  }

  @Test
  void triesRetryableFailuresAndAnUnavailableDatabaseWithoutEnd() {
    AtomicInteger left = new AtomicInteger(12);
    TROUBLE.put(
        "patient",
        () -> {
          int n = left.getAndDecrement();
          if (n <= 0) {
            return null;
          }
          return switch (n % 3) {
            case 0 -> new RetryableFailure("not yet", Duration.ofMillis(10));
            case 1 -> new DatabaseUnavailable("gone", null);
            default -> new IllegalStateException("between, and never three times in a row");
          };
        });
    publisher.publish(Topics.RUNS, "patient", Samples.runStarted("patient", 1), null).join();
    eventually("in the end").until(() -> seen("patient").size() == 1);
    assertThat(ATTEMPTS.get("patient")).hasValue(13);
    assertThat(TopicReader.ofKey("millrace.runs.dlt", "patient")).isEmpty();
  }

  @Test
  void deadLettersWhatCannotBeDecodedWithTheReason() throws Exception {
    byte[] good = new EventCodec().encode(Samples.runStarted("poison", 1));
    byte[] unknown = good.clone();
    unknown[1] = 0x7F;
    byte[] magic = good.clone();
    magic[0] = 9;
    byte[] truncated = java.util.Arrays.copyOf(good, good.length - 3);
    byte[] longer = java.util.Arrays.copyOf(good, good.length + 3);
    Map<String, byte[]> poison =
        Map.of(
            "unknown-schema-id", unknown,
            "bad-magic", magic,
            "undecodable", truncated);
    for (Map.Entry<String, byte[]> bad : poison.entrySet()) {
      RecordMetadata at = send("millrace.runs", "poison", bad.getValue(), Map.of("x", "y"));
      ConsumerRecord<byte[], byte[]> letter = deadLetter("millrace.runs", at);
      assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo(bad.getKey());
      assertThat(letter.value()).isEqualTo(bad.getValue());
      assertThat(TopicReader.header(letter, "x")).isEqualTo("y");
    }
    for (byte[] odd : List.of(longer, new byte[0], new byte[] {0, 0})) {
      RecordMetadata at = send("millrace.runs", "poison", odd, Map.of());
      assertThat(TopicReader.header(deadLetter("millrace.runs", at), "millrace-dlt-reason"))
          .isEqualTo("undecodable");
    }
    publisher.publish(Topics.RUNS, "poison", Samples.runStarted("poison", 2), null).join();
    eventually("the partition moves on").until(() -> seen("poison").size() == 1);
  }

  @Test
  void takesCommandsAsAvroAndAsPlainJson() throws Exception {
    publisher
        .publish(
            Topics.TRAIN_REQUESTS,
            "avro-command",
            TrainRequested.newBuilder().setPipeline("iris").build(),
            null)
        .join();
    send(
        "millrace.train-requests",
        "json-command",
        "{\"pipeline\": \"iris\", \"overrides\": {\"train.params.trees\": \"100\"}}"
            .getBytes(UTF_8),
        Map.of());
    send(
        "millrace.train-requests",
        "typed-command",
        "\n {\"pipeline\": \"iris\"}".getBytes(UTF_8),
        Map.of("content-type", "application/json; charset=utf-8", "ce_id", "my-id"));
    eventually("three commands")
        .until(
            () ->
                !seen("avro-command").isEmpty()
                    && !seen("json-command").isEmpty()
                    && !seen("typed-command").isEmpty());
    ReceivedEvent<?> json = seen("json-command").getFirst();
    assertThat(json.payload())
        .isEqualTo(
            TrainRequested.newBuilder()
                .setPipeline("iris")
                .setOverrides(Map.of("train.params.trees", "100"))
                .build());
    assertThat(json.id()).isEqualTo(json.position());
    assertThat(json.source()).isEqualTo("kafka:millrace.train-requests");
    assertThat(json.commandId()).isEqualTo("json-command");
    assertThat(seen("typed-command").getFirst().commandId()).isEqualTo("my-id");
    assertThat(seen("typed-command").getFirst().id()).isEqualTo("my-id");
  }

  @Test
  void refusesBrokenAndOversizedJsonCommands() throws Exception {
    Map<String, String> bad =
        Map.of(
            "unknown-field", "{\"pipelin\": \"iris\"}",
            "malformed-json", "{\"pipeline\": \"iris\"",
            "wrong-type", "{\"pipeline\": 3}");
    for (Map.Entry<String, String> entry : bad.entrySet()) {
      RecordMetadata at =
          send("millrace.train-requests", "", entry.getValue().getBytes(UTF_8), Map.of());
      ConsumerRecord<byte[], byte[]> letter = deadLetter("millrace.train-requests", at);
      assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo(entry.getKey());
    }
    RecordMetadata at =
        send(
            "millrace.train-requests",
            "big",
            ("{\"definition\": \"" + "x".repeat(10 << 20) + "\"}").getBytes(UTF_8),
            Map.of());
    ConsumerRecord<byte[], byte[]> letter = deadLetter("millrace.train-requests", at);
    assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo("too-large");
    assertThat(TopicReader.header(letter, "millrace-dlt-value-omitted"))
        .isEqualTo(Integer.toString((10 << 20) + 18));
    assertThat(letter.value()).isNull();
    RecordMetadata swollen =
        send(
            "millrace.train-requests",
            "k".repeat(3 << 20),
            "{\"pipelin\": \"iris\"}".getBytes(UTF_8),
            Map.of("padding", "x".repeat(10 << 20), "ce_id", "swollen-1"));
    ConsumerRecord<byte[], byte[]> identity = deadLetter("millrace.train-requests", swollen);
    assertThat(TopicReader.header(identity, "ce_id")).isEqualTo("swollen-1");
    assertThat(TopicReader.header(identity, "millrace-dlt-reason")).isEqualTo("unknown-field");
    assertThat(identity.key()).isNull();
    send("millrace.train-requests", "after", "{\"pipeline\": \"iris\"}".getBytes(UTF_8), Map.of());
    eventually("the partition moves on").until(() -> seen("after").size() == 1);
  }

  @Test
  void takesNoJsonOnOtherTopics() throws Exception {
    RecordMetadata at = send("millrace.runs", "json", "{\"runId\": 1}".getBytes(UTF_8), Map.of());
    assertThat(TopicReader.header(deadLetter("millrace.runs", at), "millrace-dlt-reason"))
        .isEqualTo("bad-magic");
  }

  @Test
  void tellsOfRemovedKeys() {
    publisher
        .publish(Topics.DESIRED_STATE, "staging/gone", Samples.desiredState("gone", 1), null)
        .join();
    publisher.publish(Topics.DESIRED_STATE, "staging/gone", null, "flow-g").join();
    // Other tests may have left keys on the topic.
    eventually("tombstone").until(() -> !gone("staging/gone").isEmpty());
    assertThat(seen("staging/gone")).hasSize(1);
    assertThat(gone("staging/gone")).hasSize(1);
    assertThat(gone("staging/gone").getFirst().flowId()).isEqualTo("flow-g");
  }

  @Test
  void deliversWithinMilliseconds() {
    publisher.publish(Topics.RUNS, "warm", Samples.runStarted("warm", 0), null).join();
    eventually("warm").until(() -> !seen("warm").isEmpty());
    List<Long> micros = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 30; i++) {
      String key = "latency-" + i;
      long start = System.nanoTime();
      publisher.publish(Topics.RUNS, key, Samples.runStarted(key, i), null);
      await()
          .alias("delivery")
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> !seen(key).isEmpty());
      micros.add((System.nanoTime() - start) / 1000);
    }
    long median = micros.stream().sorted().skip(15).findFirst().orElseThrow();
    System.err.println("publish to handler, median: " + median + " us");
    assertThat(median).isLessThan(250_000);
  }

  @Test
  void publishesOnlyWhatBelongsOnTheTopic() {
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> publisher.publish(Topics.DRIFT, "k", Samples.runEnded("k"), null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("RunEnded");
    assertThat(RunEnded.getClassSchema().getName()).isEqualTo("RunEnded");
  }
}
