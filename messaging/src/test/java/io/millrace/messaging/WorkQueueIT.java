package io.millrace.messaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.RunQueued;
import io.millrace.schemas.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkQueueIT {

  /**
   * The longest that brokers allow, and twice as long as a test waits: who has a job, was given it.
   */
  private static final Duration LONG_LOCK = Duration.ofMinutes(1);

  private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);

  private static KafkaClients clients;
  private static EventPublisher publisher;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final String group = "work-" + UUID.randomUUID();

  /** A new group reads its topic from the start, so each test has one of its own. */
  private final Topic topic = topic(group + "-jobs", 3);

  private final String mine = "job-" + UUID.randomUUID() + "-";

  @BeforeAll
  static void topics() {
    KafkaSettings kafka = KafkaSettings.of(EmbeddedPlatform.shared().kafkaBootstrap());
    clients = new KafkaClients(kafka, new ServiceName("work-test"));
    publisher = new EventPublisher(clients, new EventCodec(), new ServiceName("work-test"));
  }

  private static Topic topic(String name, int partitions) {
    return new Topic(
        name,
        "Jobs of a test.",
        "run id",
        partitions,
        Duration.ofDays(1),
        Topic.Kind.JOB,
        "test",
        List.of("test"),
        false,
        List.of(RunQueued.getClassSchema()));
  }

  @BeforeEach
  void hurry() {
    EmbeddedPlatform.shared().createTopic(topic.name(), topic.partitions());
    EmbeddedPlatform.shared().createTopic(topic.deadLetterName(), 1);
    EmbeddedPlatform.shared().hurry(group);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private static ConditionFactory eventually(String what) {
    return await().alias(what).atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(50));
  }

  /** A worker that takes part in this test's share group and sees only this test's jobs. */
  private WorkQueue worker(Duration lock, WorkHandler<RunQueued> handler) {
    return worker(topic, lock, handler);
  }

  private WorkQueue worker(Topic jobs, Duration lock, WorkHandler<RunQueued> handler) {
    WorkSettings settings = new WorkSettings(1, lock, 4, STOP_TIMEOUT);
    RecordDecoder decoder = new RecordDecoder(new EventCodec());
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    WorkQueue queue =
        new WorkQueues(clients, decoder, new DeadLetterWriter(publisher, meters), settings, meters)
            .listen(
                jobs,
                group,
                RunQueued.class,
                (event, delivery) -> {
                  if (event.key().startsWith(mine)) {
                    handler.work(event, delivery);
                  }
                });
    open.add(queue::stop);
    queue.start();
    return queue;
  }

  private void queue(String name) {
    publisher.publish(topic, mine + name, Samples.runQueued(name), "flow").join();
  }

  private List<ConsumerRecord<byte[], byte[]>> letters(String name) {
    return TopicReader.ofKey(topic.deadLetterName(), mine + name);
  }

  @Test
  void sharesJobsBetweenWorkersAndDoesEachOnce() {
    Map<String, AtomicInteger> done = new ConcurrentHashMap<>();
    AtomicInteger first = new AtomicInteger();
    AtomicInteger second = new AtomicInteger();
    for (int i = 0; i < 12; i++) {
      queue("shared-" + i);
    }
    for (AtomicInteger count : List.of(first, second)) {
      worker(
          Duration.ofSeconds(10),
          (event, delivery) -> {
            assertThat(event.flowId()).isEqualTo("flow");
            assertThat(delivery.count()).isEqualTo(1);
            Thread.sleep(150);
            count.incrementAndGet();
            done.computeIfAbsent(event.key(), key -> new AtomicInteger()).incrementAndGet();
          });
    }
    eventually("all jobs").until(() -> done.size() == 12);
    assertThat(done.values()).allMatch(count -> count.get() == 1);
    assertThat(first.get()).isPositive();
    assertThat(second.get()).isPositive();
  }

  @Test
  void startsAJobWithinMilliseconds() {
    Map<String, Long> started = new ConcurrentHashMap<>();
    worker(
        Duration.ofSeconds(10), (event, delivery) -> started.put(event.key(), System.nanoTime()));
    queue("warm");
    eventually("warm").until(() -> !started.isEmpty());
    List<Long> micros = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String key = mine + "quick-" + i;
      long queued = System.nanoTime();
      queue("quick-" + i);
      eventually("start").pollInterval(Duration.ofMillis(2)).until(() -> started.containsKey(key));
      micros.add((started.get(key) - queued) / 1000);
    }
    long median = micros.stream().sorted().skip(10).findFirst().orElseThrow();
    System.err.println("queued to started, median: " + median + " us, all: " + micros);
    assertThat(median).isLessThan(250_000);
  }

  @Test
  void keepsAJobThatTakesLongerThanItsLock() {
    List<Integer> deliveries = new CopyOnWriteArrayList<>();
    List<Boolean> lost = new CopyOnWriteArrayList<>();
    queue("long");
    for (int i = 0; i < 2; i++) {
      worker(
          Duration.ofSeconds(1),
          (event, delivery) -> {
            deliveries.add(delivery.count());
            Thread.sleep(2000);
            lost.add(delivery.lockLost());
          });
    }
    eventually("the end of the job").until(() -> !lost.isEmpty());
    queue("next");
    eventually("the next job").until(() -> deliveries.size() == 2);
    assertThat(deliveries).containsOnly(1);
    assertThat(lost).first().isEqualTo(false);
  }

  @Test
  void givesARetryableJobBackAndDeadLettersItAfterTheFourthDelivery() {
    List<Integer> counts = new CopyOnWriteArrayList<>();
    queue("stubborn");
    worker(
        Duration.ofSeconds(10),
        (event, delivery) -> {
          counts.add(delivery.count());
          throw new RetryableFailure("no memory left", Duration.ofMillis(50));
        });
    eventually("dead letter").until(() -> !letters("stubborn").isEmpty());
    assertThat(counts).containsExactly(1, 2, 3, 4);
    ConsumerRecord<byte[], byte[]> letter = letters("stubborn").getFirst();
    assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo("deliveries-exhausted");
    assertThat(TopicReader.header(letter, "millrace-dlt-message")).isEqualTo("no memory left");
    assertThat(TopicReader.header(letter, "millrace-dlt-attempts")).isEqualTo("4");
    assertThat(TopicReader.header(letter, "millrace-dlt-consumer")).isEqualTo(group);
  }

  @Test
  void deadLettersATerminalJobAtOnce() {
    AtomicInteger runs = new AtomicInteger();
    queue("hopeless");
    worker(
        Duration.ofSeconds(10),
        (event, delivery) -> {
          runs.incrementAndGet();
          throw new TerminalFailure("unknown-trainer", "There is no trainer x.");
        });
    eventually("dead letter").until(() -> !letters("hopeless").isEmpty());
    assertThat(runs).hasValue(1);
    assertThat(TopicReader.header(letters("hopeless").getFirst(), "millrace-dlt-reason"))
        .isEqualTo("unknown-trainer");
  }

  @Test
  void deadLettersWhatIsNotAJobAndGoesOn() throws Exception {
    RecordMetadata at;
    try (KafkaProducer<byte[], byte[]> raw =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", clients.address()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      at =
          raw.send(
                  new ProducerRecord<>(
                      topic.name(),
                      (mine + "poison").getBytes(UTF_8),
                      new byte[] {7, 7, 7, 7, 7, 7}))
              .get();
    }
    queue("after");
    List<String> done = new CopyOnWriteArrayList<>();
    worker(Duration.ofSeconds(10), (event, delivery) -> done.add(event.key()));
    eventually("the job after it").until(() -> done.contains(mine + "after"));
    eventually("dead letter").until(() -> !letters("poison").isEmpty());
    ConsumerRecord<byte[], byte[]> letter = letters("poison").getFirst();
    assertThat(TopicReader.header(letter, "millrace-dlt-reason")).isEqualTo("bad-magic");
    assertThat(TopicReader.header(letter, "millrace-dlt-original-offset"))
        .isEqualTo(Long.toString(at.offset()));
  }

  @Test
  void keepsAJobWhoseDeadLetterCannotBeWritten() {
    Topic elsewhere = topic(group + "-elsewhere", 1);
    EmbeddedPlatform.shared().createTopic(elsewhere.name(), 1);
    publisher.publish(elsewhere, mine + "x", Samples.runQueued("x"), null).join();
    KafkaSettings impatient =
        new KafkaSettings(clients.address(), Duration.ofMinutes(1), Duration.ofMillis(300));
    ServiceName service = new ServiceName("work-elsewhere");
    EventCodec codec = new EventCodec();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    AtomicInteger runs = new AtomicInteger();
    try (EventPublisher letters =
        new EventPublisher(new KafkaClients(impatient, service), codec, service)) {
      DeadLetterWriter writer = new DeadLetterWriter(letters, meters);
      WorkQueue queue =
          new WorkQueues(
                  clients,
                  new RecordDecoder(codec),
                  writer,
                  new WorkSettings(1, Duration.ofSeconds(2), 4, Duration.ofSeconds(5)),
                  meters)
              .listen(
                  elsewhere,
                  group,
                  RunQueued.class,
                  (event, delivery) -> {
                    runs.incrementAndGet();
                    throw new TerminalFailure("hopeless", "No.");
                  });
      open.add(queue::stop);
      queue.start();
      eventually("writing failed twice").until(() -> writer.failures() >= 2);
      EmbeddedPlatform.shared().createTopic(elsewhere.deadLetterName(), 1);
      eventually("dead letter")
          .until(() -> !TopicReader.all(elsewhere.deadLetterName(), r -> true).isEmpty());
      assertThat(runs).hasValue(1);
      queue.stop();
    }
  }

  @Test
  void waitsInPlaceForAnUnavailableDatabase() {
    AtomicInteger runs = new AtomicInteger();
    List<Integer> counts = new CopyOnWriteArrayList<>();
    queue("database");
    worker(
        Duration.ofSeconds(10),
        (event, delivery) -> {
          if (runs.incrementAndGet() < 4) {
            throw new DatabaseUnavailable("gone", null);
          }
          counts.add(delivery.count());
        });
    eventually("done").until(() -> !counts.isEmpty());
    assertThat(counts).containsExactly(1);
  }

  @Test
  void givesTheJobBackAtOnceWhenStopped() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    List<String> story = new CopyOnWriteArrayList<>();
    queue("stopped");
    WorkQueue first =
        worker(
            LONG_LOCK,
            (event, delivery) -> {
              delivery.onLockLost(() -> story.add("told"));
              started.countDown();
              try {
                Thread.sleep(60_000);
              } catch (InterruptedException stop) {
                story.add("interrupted, lost=" + delivery.lockLost());
                throw stop;
              }
            });
    assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
    List<Integer> counts = new CopyOnWriteArrayList<>();
    worker(LONG_LOCK, (event, delivery) -> counts.add(delivery.count()));
    Thread stop = Thread.startVirtualThread(first::stop);
    eventually("the next worker has it").until(() -> !counts.isEmpty());
    assertThat(counts).containsExactly(2);
    eventually("stopped").until(() -> !stop.isAlive());
    assertThat(story).containsExactly("told", "interrupted, lost=true");
  }

  @Test
  void acknowledgesWhatAHandlerStillEndsWhileItIsStopped() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    AtomicInteger deliveries = new AtomicInteger();
    queue("ended");
    WorkQueue first =
        worker(
            Duration.ofSeconds(30),
            (event, delivery) -> {
              deliveries.incrementAndGet();
              started.countDown();
              try {
                Thread.sleep(60_000);
              } catch (InterruptedException stop) {
                assertThat(delivery.stopping()).isTrue();
              }
            });
    assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
    first.stop();
    queue("next");
    List<String> done = new CopyOnWriteArrayList<>();
    worker(Duration.ofSeconds(30), (event, delivery) -> done.add(event.key()));
    eventually("the next job").until(() -> done.contains(mine + "next"));
    await()
        .alias("the ended one does not come again")
        .during(Duration.ofSeconds(1))
        .until(() -> !done.contains(mine + "ended"));
    assertThat(deliveries).hasValue(1);
  }

  @Test
  void letsAHandlerGoOnWithoutItsLockAndTakesNothingElseMeanwhile() throws Exception {
    Topic vanishing = topic(group + "-vanishing", 1);
    EmbeddedPlatform.shared().createTopic(vanishing.name(), 1);
    publisher.publish(vanishing, mine + "first", Samples.runQueued("first"), null).join();
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    List<String> story = new CopyOnWriteArrayList<>();
    WorkQueue queue =
        worker(
            vanishing,
            Duration.ofSeconds(1),
            (event, delivery) -> {
              if (event.key().endsWith("first")) {
                delivery.goOnWithoutLock();
                delivery.onLockLost(told::countDown);
                story.add("began");
                finish.await();
                story.add("ended, lost=" + delivery.lockLost());
              } else {
                delivery.goOnWithoutLock();
                delivery.onLockLost(told::countDown);
                story.add("next");
                try {
                  Thread.sleep(60_000);
                } catch (InterruptedException stop) {
                  story.add("interrupted, stopping=" + delivery.stopping());
                  throw stop;
                }
              }
            });
    eventually("begun").until(() -> story.contains("began"));
    try (Admin admin = clients.admin("vanishing")) {
      admin.deleteTopics(List.of(vanishing.name())).all().get();
      assertThat(told.await(30, TimeUnit.SECONDS)).as("told that the lock is lost").isTrue();
      eventually("deleted")
          .until(() -> !admin.listTopics().names().get().contains(vanishing.name()));
    }
    EmbeddedPlatform.shared().createTopic(vanishing.name(), 1);
    publisher.publish(vanishing, mine + "second", Samples.runQueued("second"), null).join();
    await()
        .alias("the handler is left alone, and alone")
        .during(Duration.ofMillis(1500))
        .until(() -> story.equals(List.of("began")));
    finish.countDown();
    eventually("the next job").until(() -> story.contains("next"));
    assertThat(story).containsExactly("began", "ended, lost=true", "next");

    // The same once more, ended by a stop.
    try (Admin admin = clients.admin("vanishing")) {
      admin.deleteTopics(List.of(vanishing.name())).all().get();
    }
    eventually("lost again").until(() -> queue.outliving() == 1);
    Thread stop = Thread.startVirtualThread(queue::stop);
    eventually("stopped").until(() -> !stop.isAlive());
    assertThat(story).last().isEqualTo("interrupted, stopping=true");
  }

  @Test
  void takesTheJobOfAKilledWorkerWhenItsLockEnds() throws Exception {
    queue("killed");
    Process killed =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                StuckWorker.class.getName(),
                clients.address(),
                topic.name(),
                group,
                mine)
            .redirectErrorStream(true)
            .start();
    try (var lines = killed.inputReader()) {
      String line;
      do {
        line = lines.readLine();
      } while (line != null && !line.contains("holding"));
      assertThat(line).contains("holding " + mine + "killed");
    } finally {
      killed.destroyForcibly().waitFor();
    }
    List<Integer> counts = new CopyOnWriteArrayList<>();
    worker(Duration.ofSeconds(2), (event, delivery) -> counts.add(delivery.count()));
    eventually("the job comes back").until(() -> !counts.isEmpty());
    assertThat(counts).containsExactly(2);
  }

  /** A worker process that takes a job, says so and hangs. */
  static final class StuckWorker {

    private StuckWorker() {}

    public static void main(String[] args) throws InterruptedException {
      ServiceName service = new ServiceName("stuck");
      KafkaClients clients = new KafkaClients(KafkaSettings.of(args[0]), service);
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      new WorkQueues(
              clients,
              new RecordDecoder(new EventCodec()),
              new DeadLetterWriter(new EventPublisher(clients, new EventCodec(), service), meters),
              new WorkSettings(1, Duration.ofSeconds(2), 4, Duration.ofSeconds(5)),
              meters)
          .listen(
              topic(args[1], 3),
              args[2],
              RunQueued.class,
              (event, delivery) -> {
                if (event.key().startsWith(args[3])) {
                  System.out.println("holding " + event.key());
                  Thread.sleep(Duration.ofMinutes(5));
                }
              })
          .start();
      Thread.sleep(Duration.ofMinutes(5));
    }
  }
}
