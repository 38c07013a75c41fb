package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.Session;
import io.millrace.database.Tx;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.events.RunStarted;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

class OutboxIT {

  private static final List<ReceivedEvent<RunStarted>> DELIVERED = new CopyOnWriteArrayList<>();
  private static final Map<String, Integer> APPLIED = new ConcurrentHashMap<>();

  private static FreshDatabase fresh;
  private static ConfigurableApplicationContext context;
  private static Database database;
  private static Outbox outbox;

  @Configuration(proxyBeanMethods = false)
  static class Service {

    @Bean
    MeterRegistry meters() {
      return new SimpleMeterRegistry();
    }

    @Bean
    Consumer<Message<byte[]>> applied(
        EventHandlersFactory handlers, Database database, Inbox inbox) {
      return handlers
          .named("test.applied")
          .on(
              RunStarted.class,
              event -> {
                boolean first = database.inTransaction(tx -> inbox.firstTime(tx, event));
                if (first) {
                  APPLIED.merge(event.key(), 1, Integer::sum);
                }
                DELIVERED.add(event);
              })
          .build();
    }
  }

  @BeforeAll
  static void start() {
    fresh = EmbeddedPlatform.shared().freshDatabase();
    context =
        TestService.of(Service.class, "outbox-test")
            .withDatabase(fresh)
            .binding("applied", Topics.RUNS.name(), "outbox-test-applied")
            .start();
    database = context.getBean(Database.class);
    outbox = context.getBean(Outbox.class);
    database.inTransactionVoid(
        tx -> tx.update("create table counters (key text primary key, value int not null)"));
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static ConditionFactory eventually(String what) {
    return await().alias(what).atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20));
  }

  private static void append(Tx tx, String key, int attempt) {
    outbox.append(tx, Topics.RUNS, key, Samples.runStarted(key, attempt), "flow-" + key);
  }

  private static List<Integer> published(String key) {
    EventCodec codec = new EventCodec();
    return TopicReader.ofKey("millrace.runs", key).stream()
        .map(incoming -> ((RunStarted) codec.decode(incoming.value())).getAttempt())
        .toList();
  }

  private static long waiting() {
    return database.<Long>read(
        tx -> tx.queryOne("select count(*) as n from outbox", row -> row.int8("n")).orElseThrow());
  }

  @Test
  void publishesWhatWasCommittedAndNothingElse() {
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> {
                      append(tx, "commit", 1);
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    TraceContext trace = TraceContext.begin();
    trace.run(() -> database.inTransactionVoid(tx -> append(tx, "commit", 2)));
    eventually("event").until(() -> !published("commit").isEmpty());
    eventually("the row is gone").until(() -> waiting() == 0);
    assertThat(published("commit")).containsExactly(2);
    ConsumerRecord<byte[], byte[]> stored = TopicReader.ofKey("millrace.runs", "commit").getFirst();
    assertThat(TopicReader.header(stored, "ce_type")).isEqualTo("io.millrace.RunStarted");
    assertThat(TopicReader.header(stored, "ce_source")).isEqualTo("/millrace/outbox-test");
    assertThat(TopicReader.header(stored, "ce_flowid")).isEqualTo("flow-commit");
    assertThat(TopicReader.header(stored, "traceparent")).contains(trace.traceId());
  }

  @Test
  void appendsSeveralInTheirOrderAndAsTheyAre() {
    String flow = "a \"flow\" {of, one\\two} ü";
    database.inTransactionVoid(
        tx ->
            outbox.appendAll(
                tx,
                Topics.RUNS,
                List.of(
                    new Outbox.Keyed("several-2", Samples.runStarted("several-2", 1), flow),
                    new Outbox.Keyed("several-1", Samples.runStarted("several-1", 1), null),
                    new Outbox.Keyed("several-2", Samples.runStarted("several-2", 2), flow))));
    database.inTransactionVoid(tx -> outbox.appendAll(tx, Topics.RUNS, List.of()));
    eventually("events").until(() -> published("several-2").size() == 2);
    assertThat(published("several-2")).containsExactly(1, 2);
    eventually("event").until(() -> published("several-1").equals(List.of(1)));
    assertThat(
            TopicReader.header(
                TopicReader.ofKey("millrace.runs", "several-2").getFirst(), "ce_flowid"))
        .isEqualTo(flow);
    assertThat(
            TopicReader.header(
                TopicReader.ofKey("millrace.runs", "several-1").getFirst(), "ce_flowid"))
        .isEqualTo("null");
  }

  @Test
  void keepsTheGivenEventId() {
    UUID id = UUID.randomUUID();
    database.inTransactionVoid(
        tx ->
            outbox.append(
                tx, Topics.RUNS, "given-id", Samples.runStarted("given-id", 1), null, id));
    eventually("event").until(() -> !TopicReader.ofKey("millrace.runs", "given-id").isEmpty());
    assertThat(
            TopicReader.header(TopicReader.ofKey("millrace.runs", "given-id").getFirst(), "ce_id"))
        .isEqualTo(id.toString());
  }

  @Test
  void publishesATombstone() {
    database.inTransactionVoid(
        tx -> {
          outbox.append(tx, Topics.DESIRED_STATE, "staging/x", Samples.desiredState("x", 1), null);
          outbox.appendTombstone(tx, Topics.DESIRED_STATE, "staging/x", null);
        });
    eventually("both records")
        .until(() -> TopicReader.ofKey("millrace.desired-state", "staging/x").size() == 2);
    assertThat(TopicReader.ofKey("millrace.desired-state", "staging/x").getLast().value()).isNull();
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> outbox.appendTombstone(tx, Topics.RUNS, "x", null)))
        .hasMessageContaining("not compacted");
  }

  @Test
  void leavesWhatIsInNoHurryUntilSomethingIs() {
    FreshDatabase other = EmbeddedPlatform.shared().freshDatabase();
    try (ConfigurableApplicationContext patient =
        TestService.of(Service.class, "outbox-patient")
            .withDatabase(other)
            .with("millrace.outbox.poll-interval", "1h")
            .start()) {
      Database rows = patient.getBean(Database.class);
      Outbox appending = patient.getBean(Outbox.class);
      eventually("it relays").until(() -> patient.getBean(Relay.class).relaying());
      rows.inTransactionVoid(
          tx -> appending.append(tx, Topics.RUNS, "hurry", Samples.runStarted("hurry", 1), null));
      eventually("the first").until(() -> published("hurry").size() == 1);

      for (int i = 2; i <= 4; i++) {
        int attempt = i;
        rows.inTransactionVoid(
            tx ->
                appending.appendUnhurried(
                    tx, Topics.RUNS, "hurry", Samples.runStarted("hurry", attempt), null));
      }
      await("nothing leaves")
          .during(Duration.ofMillis(500))
          .until(() -> published("hurry").size() == 1);
      rows.inTransactionVoid(
          tx -> appending.append(tx, Topics.RUNS, "hurry", Samples.runStarted("hurry", 5), null));
      eventually("all").until(() -> published("hurry").size() == 5);
      assertThat(published("hurry")).containsExactly(1, 2, 3, 4, 5);
    }
  }

  @Test
  void refusesAnEventOfAnotherTopicAndOneThatIsTooLarge() {
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> outbox.append(tx, Topics.DRIFT, "x", Samples.runStarted("x", 1), null)))
        .hasMessageContaining("not an event of topic millrace.drift");
    RunStarted large = Samples.runStarted("x".repeat(500_000), 1);
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(tx -> outbox.append(tx, Topics.RUNS, "x", large, null)))
        .hasMessageContaining("reference to stored bytes");
  }

  @Test
  void doesNotSkipATransactionThatCommitsAfterLaterOnes() throws Exception {
    CountDownLatch appended = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> slow =
          threads.submit(
              () ->
                  database.inTransaction(
                      tx -> {
                        append(tx, "late", 1);
                        appended.countDown();
                        return waitFor(release);
                      }));
      assertThat(appended.await(10, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 20; i++) {
        int n = i;
        database.inTransactionVoid(tx -> append(tx, "early", n));
      }
      eventually("later ones do not wait").until(() -> published("early").size() == 20);
      assertThat(published("late")).isEmpty();
      release.countDown();
      assertThat(slow.get(10, TimeUnit.SECONDS)).isTrue();
    }
    eventually("the late one follows").until(() -> published("late").size() == 1);
    eventually("nothing is left").until(() -> waiting() == 0);
  }

  @Test
  void keepsTheOrderOfAKeyByHoldingTheSecondTransactionBack() throws Exception {
    CountDownLatch appended = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> first =
          threads.submit(
              () ->
                  database.inTransaction(
                      tx -> {
                        append(tx, "held", 1);
                        appended.countDown();
                        return waitFor(release);
                      }));
      assertThat(appended.await(10, TimeUnit.SECONDS)).isTrue();
      Future<?> second =
          threads.submit(() -> database.inTransactionVoid(tx -> append(tx, "held", 2)));
      Thread.sleep(300);
      assertThat(second.isDone()).isFalse();
      assertThat(published("held")).isEmpty();
      release.countDown();
      first.get(10, TimeUnit.SECONDS);
      second.get(10, TimeUnit.SECONDS);
    }
    eventually("both").until(() -> published("held").size() == 2);
    assertThat(published("held")).containsExactly(1, 2);
  }

  private static boolean waitFor(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void keepsTheOrderPerKeyUnderConcurrentWriters() throws Exception {
    int writers = 6;
    int each = 60;
    List<String> keys = List.of("mix-a", "mix-b", "mix-c", "mix-d", "mix-e");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    writeSome(keys);
                  }
                }));
      }
      for (Future<?> writer : running) {
        writer.get(60, TimeUnit.SECONDS);
      }
    }
    eventually("the outbox is empty").until(() -> waiting() == 0);
    int total = 0;
    for (String key : keys) {
      List<Integer> seen = published(key);
      assertThat(seen)
          .isEqualTo(java.util.stream.IntStream.rangeClosed(1, seen.size()).boxed().toList());
      total += seen.size();
    }
    assertThat(total).isGreaterThan(writers * each);
  }

  private static void writeSome(List<String> keys) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int a = random.nextInt(keys.size());
    int b = random.nextInt(keys.size());
    // Mostly in one order: each deadlock costs PostgreSQL a second to find.
    boolean sorted = random.nextInt(50) != 0;
    String one = keys.get(sorted ? Math.min(a, b) : a);
    String other = keys.get(sorted ? Math.max(a, b) : b);
    boolean fail = random.nextInt(10) == 0;
    long pause = random.nextInt(3) == 0 ? random.nextInt(5) : 0;
    try {
      database.inTransactionVoid(
          tx -> {
            countAndAppend(tx, one);
            countAndAppend(tx, other);
            try {
              Thread.sleep(pause);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            if (fail) {
              throw new IllegalArgumentException("rolled back on purpose");
            }
          });
    } catch (IllegalArgumentException onPurpose) {
      assertThat(onPurpose).hasMessageContaining("on purpose");
    }
  }

  private static void countAndAppend(Tx tx, String key) {
    int value =
        tx.queryOne(
                """
                insert into counters values ($1, 1)
                on conflict (key) do update set value = counters.value + 1
                returning value
                """,
                row -> row.int4("value"),
                key)
            .orElseThrow();
    append(tx, key, value);
  }

  @Test
  void appliesAnEventOnceThatTheRelayPublishesTwiceAfterACrash() {
    try (Session blocker = database.openSession()) {
      // Deleting waits for this lock, reading does not: the relay dies between Kafka's word and its
      // own.
      blocker.tx().update("begin");
      blocker.tx().update("lock table outbox in share row exclusive mode nowait");
      blocker.tx().update("rollback");
      database.inTransactionVoid(tx -> append(tx, "twice-warm", 1));
      eventually("idle").until(() -> waiting() == 0);
      CountDownLatch inserted = new CountDownLatch(1);
      blockDeletes(blocker);
      inserted.countDown();
      database.inTransactionVoid(tx -> append(tx, "twice", 1));
      eventually("published, not deleted").until(() -> published("twice").size() == 1);
      killRelay();
      eventually("published again").until(() -> published("twice").size() == 2);
      blocker.tx().update("drop trigger hold on outbox");
      blocker.tx().query("select pg_advisory_unlock(4711)", row -> 1);
    }
    eventually("deleted in the end").until(() -> waiting() == 0);
    eventually("both delivered")
        .until(() -> DELIVERED.stream().filter(e -> e.key().equals("twice")).count() >= 2);
    assertThat(
            DELIVERED.stream()
                .filter(e -> e.key().equals("twice"))
                .map(ReceivedEvent::id)
                .distinct())
        .hasSize(1);
    assertThat(APPLIED.get("twice")).isEqualTo(1);
  }

  /** Every delete from the outbox waits for an advisory lock that the session holds. */
  private static void blockDeletes(Session session) {
    session.tx().query("select pg_advisory_lock(4711)", row -> 1);
    session
        .tx()
        .update(
            """
            create or replace function hold() returns trigger language plpgsql as $$
            begin
              perform pg_advisory_xact_lock(4711);
              return null;
            end
            $$
            """);
    session
        .tx()
        .update(
            "create trigger hold before delete on outbox for each statement execute function hold()");
  }

  private static void killRelay() {
    database.read(
        tx ->
            tx.query(
                """
                select pg_terminate_backend(pid) from pg_locks
                where locktype = 'advisory' and objsubid = 1 and granted
                  and database = (select oid from pg_database where datname = current_database())
                  and pid <> pg_backend_pid() and classid = x'6d696c6c'::int::oid
                """,
                row -> 1));
  }

  @Test
  void letsOneOfTwoReplicasRelayAndTheOtherTakeOver() {
    Relay first = context.getBean(Relay.class);
    eventually("first relays").until(first::relaying);
    try (ConfigurableApplicationContext other =
        TestService.of(Service.class, "outbox-test-2").withDatabase(fresh).start()) {
      Relay second = other.getBean(Relay.class);
      for (int i = 0; i < 50; i++) {
        int n = i;
        database.inTransactionVoid(tx -> append(tx, "replicas", n));
      }
      eventually("all").until(() -> published("replicas").size() == 50);
      assertThat(first.relaying()).isTrue();
      assertThat(second.relaying()).isFalse();
      first.stop();
      for (int i = 50; i < 100; i++) {
        int n = i;
        database.inTransactionVoid(tx -> append(tx, "replicas", n));
      }
      eventually("the second took over").until(() -> published("replicas").size() == 100);
      assertThat(second.relaying()).isTrue();
      first.start();
      killRelay();
      for (int i = 100; i < 150; i++) {
        int n = i;
        database.inTransactionVoid(tx -> append(tx, "replicas", n));
      }
      eventually("whoever relays now").until(() -> waiting() == 0);
    }
    eventually("first relays again").until(first::relaying);
    assertThat(published("replicas").stream().distinct().toList())
        .isEqualTo(java.util.stream.IntStream.range(0, 150).boxed().toList());
  }

  @Test
  void publishesWithinMillisecondsOfTheCommit() {
    for (int i = 0; i < 20; i++) {
      int n = i;
      database.inTransactionVoid(tx -> append(tx, "quick-warm", n));
    }
    eventually("warm").until(() -> waiting() == 0);
    List<Long> micros = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String key = "quick-" + i;
      long start = System.nanoTime();
      database.inTransactionVoid(tx -> append(tx, key, 1));
      await()
          .alias("delivered")
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> DELIVERED.stream().anyMatch(event -> event.key().equals(key)));
      micros.add((System.nanoTime() - start) / 1000);
    }
    long median = micros.stream().sorted().skip(15).findFirst().orElseThrow();
    Timer timer = context.getBean(MeterRegistry.class).get("millrace.outbox.publish").timer();
    System.err.println("append to handler, median: " + median + " us");
    assertThat(median).isLessThan(250_000);
    assertThat(timer.count()).isGreaterThanOrEqualTo(50);
    eventually("gauge")
        .until(
            () ->
                context.getBean(MeterRegistry.class).get("millrace.outbox.pending").gauge().value()
                    == 0);
  }

  @Test
  void forgetsInboxMarksAfterTheirRetention() {
    database.inTransactionVoid(
        tx -> {
          tx.update(
              "insert into inbox select 'c', 's', n::text, now() - interval '41 days' from generate_series(1, 20500) n");
          tx.update("insert into inbox values ('c', 's', 'young', now() - interval '39 days')");
        });
    InboxCleanup cleanup = context.getBean(InboxCleanup.class);
    assertThat(cleanup.deleteExpired()).isEqualTo(20_500);
    assertThat(
            database.<List<String>>read(
                tx ->
                    tx.query(
                        "select event_id from inbox where consumer = 'c'",
                        row -> row.string("event_id"))))
        .containsExactly("young");
  }

  @Test
  void tellsConsumersApartInTheInbox() {
    ReceivedEvent<RunStarted> event =
        new ReceivedEvent<>(
            Samples.runStarted("apart", 1),
            UUID.randomUUID().toString(),
            "/millrace/x",
            "apart",
            null,
            Instant.now(),
            "millrace.runs",
            0,
            1);
    Inbox inbox = context.getBean(Inbox.class);
    assertThat(database.<Boolean>inTransaction(tx -> inbox.firstTime(tx, event))).isTrue();
    assertThat(database.<Boolean>inTransaction(tx -> inbox.firstTime(tx, event))).isFalse();
    ScopedValue.where(CurrentConsumer.NAME, "another")
        .run(
            () ->
                assertThat(database.<Boolean>inTransaction(tx -> inbox.firstTime(tx, event)))
                    .isTrue());
  }
}
