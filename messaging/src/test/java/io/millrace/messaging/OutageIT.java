package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.embedded.EmbeddedKafka;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.embedded.EmbeddedPostgres;
import io.millrace.embedded.SharedPlatform;
import io.millrace.events.RunQueued;
import io.millrace.events.RunStarted;
import io.millrace.schemas.Topics;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** A broker and a database that go away and come back, under a service that goes on. */
class OutageIT {

  private static final List<Integer> APPLIED = new CopyOnWriteArrayList<>();

  @Configuration(proxyBeanMethods = false)
  static class Service {
    @Bean
    Consumer<Message<byte[]>> runs(EventHandlersFactory handlers, Database database, Inbox inbox) {
      return handlers
          .named("outage")
          .on(
              RunStarted.class,
              event -> {
                boolean first = database.inTransaction(tx -> inbox.firstTime(tx, event));
                if (first) {
                  APPLIED.add(event.payload().getAttempt());
                }
              })
          .build();
    }
  }

  @Test
  void drainsTheOutboxInOrderAfterOutagesOfBrokerAndDatabase(@TempDir Path directory)
      throws Exception {
    EmbeddedPlatformSettings settings =
        EmbeddedPlatformSettings.in(directory).withPorts(freePort(), freePort(), freePort());
    EmbeddedKafka kafka = EmbeddedKafka.start(settings);
    EmbeddedPostgres postgres = EmbeddedPostgres.start(settings);
    try (ConfigurableApplicationContext context = service(kafka, postgres)) {
      Database database = context.getBean(Database.class);
      Outbox outbox = context.getBean(Outbox.class);
      append(database, outbox, 0, 20);
      applied(20);

      kafka.close();
      append(database, outbox, 20, 120);
      await()
          .alias("a broker that is away")
          .during(Duration.ofSeconds(1))
          .until(() -> APPLIED.size() == 20);
      append(database, outbox, 120, 140);
      kafka = EmbeddedKafka.start(settings);
      applied(140);

      postgres.close();
      await()
          .alias("a database that is away")
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  catchThrowable(() -> database.read(tx -> tx.update("select 1")))
                      instanceof DatabaseUnavailable);
      postgres = EmbeddedPostgres.start(settings);
      await()
          .alias("the database is back")
          .atMost(Duration.ofSeconds(20))
          .ignoreExceptionsInstanceOf(DatabaseUnavailable.class)
          .until(() -> database.<Long>read(tx -> tx.update("select 1")) >= 0);
      append(database, outbox, 140, 160);
      applied(160);
      assertThat(new ArrayList<>(APPLIED)).isEqualTo(IntStream.range(0, 160).boxed().toList());
    } finally {
      kafka.close();
      postgres.close();
    }
  }

  @Test
  void pollsNowAndThenWhileTheBrokerIsAway(@TempDir Path directory) throws Exception {
    EmbeddedPlatformSettings settings =
        EmbeddedPlatformSettings.in(directory).withPorts(freePort(), freePort(), freePort());
    EmbeddedKafka kafka = EmbeddedKafka.start(settings);
    KafkaClients clients =
        new KafkaClients(KafkaSettings.of(kafka.bootstrap()), new ServiceName("outage-work"));
    List<String> done = new CopyOnWriteArrayList<>();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    EventCodec codec = new EventCodec();
    try (EventPublisher publisher =
        new EventPublisher(clients, codec, new ServiceName("outage-work"))) {
      TopicCreation.ensure(clients, Duration.ofSeconds(30));
      WorkQueue queue =
          new WorkQueues(
                  clients,
                  new RecordDecoder(codec),
                  new DeadLetterWriter(publisher, meters),
                  new WorkSettings(1, Duration.ofSeconds(5), 4, Duration.ofSeconds(5)),
                  meters)
              .listen(
                  Topics.TRAINING_JOBS,
                  "outage-workers",
                  RunQueued.class,
                  (event, delivery) -> done.add(event.key()));
      queue.start();
      publisher.publish(Topics.TRAINING_JOBS, "one", Samples.runQueued("one"), null).join();
      await().alias("one").atMost(Duration.ofSeconds(30)).until(() -> done.contains("one"));

      kafka.close();
      PollRate rate = new PollRate(queue);
      await()
          .alias("a poll a second")
          .atMost(Duration.ofSeconds(20))
          .pollDelay(Duration.ofSeconds(2))
          .pollInterval(Duration.ofSeconds(2))
          .until(rate::isCalm);

      kafka = EmbeddedKafka.start(settings);
      publisher.publish(Topics.TRAINING_JOBS, "two", Samples.runQueued("two"), null).join();
      await().alias("two").atMost(Duration.ofSeconds(60)).until(() -> done.contains("two"));
      queue.stop();
    } finally {
      kafka.close();
    }
  }

  @Test
  void keepsARecordWhoseDeadLetterCannotBeWritten() throws Exception {
    SharedPlatform shared = EmbeddedPlatform.shared();
    shared.createTopic("elsewhere", 1);
    try (ConfigurableApplicationContext context =
            TestService.of(Elsewhere.class, "elsewhere-test")
                .binding("elsewhere", "elsewhere", "elsewhere-test")
                .with("millrace.kafka.publisher-max-block", "500ms")
                .start();
        KafkaProducer<byte[], byte[]> raw =
            new KafkaProducer<>(
                Map.of("bootstrap.servers", shared.kafkaBootstrap()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      assertThat(context.isRunning()).isTrue();
      raw.send(new ProducerRecord<>("elsewhere", new byte[] {1}, new byte[] {1, 2})).get();
      raw.send(new ProducerRecord<>("elsewhere", new byte[] {2}, new byte[] {3, 4})).get();
      DeadLetterWriter writer = context.getBean(DeadLetterWriter.class);
      await()
          .alias("writing it failed twice")
          .atMost(Duration.ofSeconds(30))
          .until(() -> writer.failures() >= 2);
      shared.createTopic("elsewhere.dlt", 1);
      await()
          .alias("both are kept, in order")
          .atMost(Duration.ofSeconds(40))
          .until(() -> TopicReader.all("elsewhere.dlt", r -> true).size() >= 2);
      assertThat(TopicReader.all("elsewhere.dlt", r -> true))
          .extracting(r -> r.key()[0])
          .startsWith((byte) 1)
          .endsWith((byte) 2);
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Elsewhere {
    @Bean
    Consumer<Message<byte[]>> elsewhere(EventHandlersFactory handlers) {
      return handlers.named("elsewhere").build();
    }
  }

  private static void append(Database database, Outbox outbox, int from, int to) {
    for (int i = from; i < to; i++) {
      RunStarted event = Samples.runStarted("outage", i);
      database.inTransactionVoid(tx -> outbox.append(tx, Topics.RUNS, "outage", event, null));
    }
  }

  private static void applied(int count) {
    await()
        .alias(count + " applied")
        .atMost(Duration.ofSeconds(60))
        .until(() -> APPLIED.size() == count);
  }

  private static ConfigurableApplicationContext service(
      EmbeddedKafka kafka, EmbeddedPostgres postgres) {
    return TestService.of(Service.class, "outage-test")
        .with("millrace.kafka.bootstrap-servers", kafka.bootstrap())
        .with("millrace.postgres.port", postgres.port())
        .with("millrace.postgres.user", postgres.user())
        .with("millrace.postgres.password", postgres.password())
        .with("millrace.postgres.schema", "outage")
        .with("millrace.postgres.acquire-timeout", "1s")
        .binding("runs", Topics.RUNS.name(), "outage")
        .start();
  }

  /** How often a queue polls from one look to the next, however long that is. */
  private static final class PollRate {

    private final WorkQueue queue;
    private long polls;
    private long at;

    PollRate(WorkQueue queue) {
      this.queue = queue;
      look();
    }

    /** Polls a second since the last look; the clock is read last, so a pause makes them fewer. */
    private double look() {
      long pollsBefore = polls;
      long before = at;
      polls = queue.polls();
      at = System.nanoTime();
      return (polls - pollsBefore) / ((at - before) / 1e9);
    }

    /** A poll a second and one that was under way; a busy loop makes thousands. */
    boolean isCalm() {
      return look() <= 2.5;
    }
  }

  private static int freePort() throws java.io.IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
