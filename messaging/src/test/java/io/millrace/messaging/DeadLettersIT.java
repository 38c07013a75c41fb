package io.millrace.messaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.database.Database;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

class DeadLettersIT {

  private static final List<ReceivedEvent<?>> SEEN = new CopyOnWriteArrayList<>();
  private static final List<ReceivedDeadLetter> HEARD = new CopyOnWriteArrayList<>();
  private static volatile boolean broken = true;

  private static ConfigurableApplicationContext context;
  private static EventPublisher publisher;
  private static DeadLetters deadLetters;

  @Configuration(proxyBeanMethods = false)
  static class Service {

    @Bean
    Consumer<Message<byte[]>> runs(EventHandlersFactory handlers, Database database, Inbox inbox) {
      return handlers
          .named("test.replay")
          .on(
              RunStarted.class,
              event ->
                  database.inTransactionVoid(
                      tx -> {
                        if (inbox.firstTime(tx, event)) {
                          if (broken && event.key().startsWith("replay")) {
                            throw new TerminalFailure("not-yet", "The handler has a defect.");
                          }
                          SEEN.add(event);
                        }
                      }))
          .build();
    }

    @Bean
    Consumer<Message<byte[]>> letters(EventHandlersFactory handlers) {
      return handlers.deadLetters(
          letter -> {
            assertThat(TraceContext.current()).isPresent();
            if (letter.letter().key().equals("replay-refused")) {
              throw new TerminalFailure("no", "This letter is refused.");
            }
            HEARD.add(letter);
          });
    }

    @Bean
    Consumer<Message<byte[]>> requests(EventHandlersFactory handlers) {
      return handlers
          .named("test.replay-requests")
          .on(
              TrainRequested.class,
              event -> {
                if (broken && event.key().startsWith("replay")) {
                  throw new TerminalFailure("not-yet", "The handler has a defect.");
                }
                SEEN.add(event);
              })
          .build();
    }
  }

  @BeforeAll
  static void start() {
    context =
        TestService.of(Service.class, "replay-test")
            .withDatabase(EmbeddedPlatform.shared().freshDatabase())
            .binding("runs", Topics.RUNS.name(), "replay-test-runs")
            .binding("letters", Topics.RUNS.deadLetterName(), "replay-test-letters")
            .binding("requests", Topics.TRAIN_REQUESTS.name(), "replay-test-requests")
            .start();
    publisher = context.getBean(EventPublisher.class);
    deadLetters = context.getBean(DeadLetters.class);
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static ConditionFactory eventually(String what) {
    return await().alias(what).atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50));
  }

  private static DeadLetter letterOf(String topic, String key) {
    return eventually("dead letter of " + key)
        .until(
            () ->
                deadLetters.list(topic, 1000).stream()
                    .filter(letter -> letter.key().equals(key))
                    .toList(),
            found -> !found.isEmpty())
        .getFirst();
  }

  @Test
  void replaysALetterOnceWhoeverAsksHowOften() throws Exception {
    broken = true;
    publisher.publish(Topics.RUNS, "replay-1", Samples.runStarted("replay-1", 1), "flow-r").join();
    DeadLetter letter = letterOf("millrace.runs", "replay-1");
    assertThat(letter.topic()).isEqualTo("millrace.runs.dlt");
    assertThat(letter.originalTopic()).isEqualTo("millrace.runs");
    assertThat(letter.reason()).isEqualTo("not-yet");
    assertThat(letter.message()).isEqualTo("The handler has a defect.");
    assertThat(letter.consumer()).isEqualTo("replay-test-runs");
    assertThat(letter.attempts()).isEqualTo(1);
    assertThat(letter.replayed()).isFalse();

    broken = false;
    Callable<Object> replay =
        () -> {
          try {
            return deadLetters.replay(letter.topic(), letter.partition(), letter.offset());
          } catch (RuntimeException refused) {
            return refused;
          }
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Object>> both = List.of(threads.submit(replay), threads.submit(replay));
      int published = 0;
      for (Future<Object> one : both) {
        published += one.get() instanceof PublishedAt ? 1 : 0;
      }
      assertThat(published).isEqualTo(1);
    }
    assertThatThrownBy(
            () -> deadLetters.replay(letter.topic(), letter.partition(), letter.offset()))
        .isInstanceOfSatisfying(
            TerminalFailure.class,
            failure -> assertThat(failure.code()).isEqualTo("already-replayed"));
    eventually("applied")
        .until(() -> SEEN.stream().filter(e -> e.key().equals("replay-1")).count() == 1);
    List<ConsumerRecord<byte[], byte[]>> records = TopicReader.ofKey("millrace.runs", "replay-1");
    assertThat(records).hasSize(2);
    assertThat(records.getLast().value()).isEqualTo(records.getFirst().value());
    assertThat(TopicReader.header(records.getLast(), "ce_id"))
        .isEqualTo(TopicReader.header(records.getFirst(), "ce_id"));
    assertThat(TopicReader.header(records.getLast(), "millrace-replayed"))
        .isEqualTo("millrace.runs.dlt-" + letter.partition() + "-" + letter.offset());
    assertThat(TopicReader.header(records.getLast(), "millrace-dlt-reason")).isEqualTo("null");
    assertThat(letterOf("millrace.runs", "replay-1").replayed()).isTrue();
  }

  @Test
  void keepsTheIdentityOfAPlainJsonCommand() throws Exception {
    broken = true;
    try (KafkaProducer<byte[], byte[]> raw =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      raw.send(
              new ProducerRecord<>(
                  "millrace.train-requests",
                  "replay-json".getBytes(UTF_8),
                  "{\"pipeline\": \"iris\"}".getBytes(UTF_8)))
          .get();
    }
    DeadLetter letter = letterOf("millrace.train-requests.dlt", "replay-json");
    broken = false;
    deadLetters.replay(letter.topic(), letter.partition(), letter.offset());
    eventually("applied").until(() -> SEEN.stream().anyMatch(e -> e.key().equals("replay-json")));
    ReceivedEvent<?> again =
        SEEN.stream().filter(e -> e.key().equals("replay-json")).findFirst().orElseThrow();
    assertThat(again.id())
        .isEqualTo(
            "millrace.train-requests-"
                + letter.originalPartition()
                + "-"
                + letter.originalOffset());
    assertThat(again.commandId()).isEqualTo("replay-json");
  }

  @Test
  void tellsAConsumerOfDeadLettersWhatIsKnownOfEach() {
    broken = true;
    publisher.publish(Topics.RUNS, "replay-refused", Samples.runStarted("x", 1), null).join();
    publisher.publish(Topics.RUNS, "replay-heard", Samples.runStarted("y", 4), "flow-h").join();
    ReceivedDeadLetter heard =
        eventually("heard, and nothing blocks")
            .until(
                () -> HEARD.stream().filter(l -> l.letter().key().equals("replay-heard")).toList(),
                found -> !found.isEmpty())
            .getFirst();
    assertThat(heard.flowId()).isEqualTo("flow-h");
    assertThat(heard.letter().reason()).isEqualTo("not-yet");
    assertThat(heard.payload())
        .isInstanceOfSatisfying(RunStarted.class, e -> assertThat(e.getAttempt()).isEqualTo(4));
    assertThat(HEARD).noneMatch(l -> l.letter().key().equals("replay-refused"));
  }

  @Test
  void showsWhatIsInALetter() throws Exception {
    broken = true;
    publisher.publish(Topics.RUNS, "replay-show", Samples.runStarted("show", 7), null).join();
    DeadLetter readable = letterOf("millrace.runs", "replay-show");
    DeadLetterDetail detail =
        deadLetters.show(readable.topic(), readable.partition(), readable.offset()).orElseThrow();
    assertThat(detail.encoding()).isEqualTo("json");
    assertThat(detail.value()).contains("\"attempt\":7");
    assertThat(detail.headers()).containsEntry("ce_type", "io.millrace.RunStarted");
    assertThat(detail.letter()).isEqualTo(readable);
    try (KafkaProducer<byte[], byte[]> raw =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      raw.send(
              new ProducerRecord<>(
                  "millrace.runs", "replay-hex".getBytes(UTF_8), new byte[] {1, -1, 2}))
          .get();
      raw.send(
              new ProducerRecord<>(
                  "millrace.runs", "replay-text".getBytes(UTF_8), "hello".getBytes(UTF_8)))
          .get();
    }
    DeadLetter hex = letterOf("millrace.runs", "replay-hex");
    assertThat(deadLetters.show(hex.topic(), hex.partition(), hex.offset()).orElseThrow().value())
        .isEqualTo("01ff02");
    DeadLetter text = letterOf("millrace.runs", "replay-text");
    assertThat(
            deadLetters.show(text.topic(), text.partition(), text.offset()).orElseThrow().value())
        .isEqualTo("hello");
  }

  @Test
  void saysWhatIsNotThere() {
    assertThat(deadLetters.show("millrace.runs", 0, 1_000_000)).isEmpty();
    assertThat(deadLetters.show("millrace.runs", 99, 0)).isEmpty();
    assertThat(deadLetters.show("no.such.topic", 0, 0)).isEmpty();
    assertThat(deadLetters.list("no.such.topic", 10)).isEmpty();
    assertThatThrownBy(() -> deadLetters.replay("millrace.runs.dlt", 0, 1_000_000))
        .isInstanceOfSatisfying(
            TerminalFailure.class,
            failure -> assertThat(failure.code()).isEqualTo("dead-letter-not-found"));
    assertThatThrownBy(() -> deadLetters.list(null, 0)).hasMessageContaining("limit");
  }

  @Test
  void listsTheNewestOfAllTopicsFirst() {
    broken = true;
    publisher.publish(Topics.RUNS, "replay-new-1", Samples.runStarted("a", 1), null).join();
    letterOf("millrace.runs", "replay-new-1");
    publisher.publish(Topics.RUNS, "replay-new-2", Samples.runStarted("b", 1), null).join();
    letterOf("millrace.runs", "replay-new-2");
    List<DeadLetter> newest = deadLetters.list(null, 2);
    assertThat(newest).extracting(DeadLetter::key).containsExactly("replay-new-2", "replay-new-1");
  }
}
