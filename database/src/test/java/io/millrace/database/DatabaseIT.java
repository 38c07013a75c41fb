package io.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class DatabaseIT {

  private static PostgresSettings settings;
  private static Database database;

  @BeforeAll
  static void migrate() {
    settings = Stock.fresh();
    assertThat(Migrations.apply(settings)).isEqualTo(1);
    database = new Database(settings);
  }

  @AfterAll
  static void close() {
    database.close();
  }

  @BeforeEach
  void clear() {
    database.inTransactionVoid(tx -> tx.update("truncate items, samples restart identity"));
  }

  @Test
  void commitsWhenTheWorkReturns() {
    database.inTransactionVoid(tx -> tx.update("insert into items values ($1, $2)", "bolt", 3L));
    assertThat(count("bolt")).isEqualTo(3);
  }

  @Test
  void arrayParametersArriveAsTheyWere() {
    List<String> texts =
        List.of("", "a,b", "{x}", "say \"hi\"", "back\\slash", "NULL", "NULL", " ü漢😀\n");
    ArrayParameter all = ArrayParameter.texts(2);
    texts.forEach(all::add);
    assertThat(
            database.<List<String>>read(
                tx ->
                    tx.query(
                        "select t from unnest($1::text[]) with ordinality as a (t, n) order by n",
                        row -> row.string("t"),
                        all)))
        .isEqualTo(texts);

    double[] numbers = {0.1, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NaN, -1 / 0.0};
    ArrayParameter floats = ArrayParameter.float8s(0);
    for (double number : numbers) {
      floats.add(number);
    }
    ArrayParameter longs = ArrayParameter.int8s(3).add(Long.MIN_VALUE).add(0).add(Long.MAX_VALUE);
    String sql = "select a from unnest($1::%s[]) with ordinality as u (a, n) order by n";
    assertThat(
            database.<List<Double>>read(
                tx -> tx.query(sql.formatted("float8"), row -> row.float8("a"), floats)))
        .containsExactly(0.1, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NaN, -1 / 0.0);
    assertThat(
            database.<List<Long>>read(
                tx -> tx.query(sql.formatted("bigint"), row -> row.int8("a"), longs)))
        .containsExactly(Long.MIN_VALUE, 0L, Long.MAX_VALUE);
    assertThat(
            database.<List<Long>>read(
                tx ->
                    tx.query(
                        sql.formatted("bigint"), row -> row.int8("a"), ArrayParameter.int8s(8))))
        .isEmpty();
    ArrayParameter bytes =
        ArrayParameter.byteas(1).add((byte[]) null).add(new byte[0]).add(new byte[] {0, -1, 92});
    assertThat(
            database.<List<String>>read(
                tx ->
                    tx.query(
                        "select coalesce(encode(a, 'hex'), 'none') as a"
                            + " from unnest($1::bytea[]) with ordinality as u (a, n) order by n",
                        row -> row.string("a"),
                        bytes)))
        .containsExactly("none", "", "00ff5c");
    assertThatThrownBy(() -> ArrayParameter.int8s(1).add("a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("An array of INT8 takes no TEXT");
  }

  @Test
  void rollsBackWhenTheWorkThrows() {
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> {
                      tx.update("insert into items values ('bolt', 3)");
                      throw new IllegalArgumentException("no");
                    }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no");
    assertThat(
            database.<Long>read(
                tx ->
                    tx.queryOne("select count(*) as n from items", r -> r.int8("n")).orElseThrow()))
        .isZero();
    assertThat(database.connectionsInUse()).isZero();
  }

  @Test
  void queriesOfASnapshotSeeOneStateUnderTheirOwnSettings() {
    List<String> found =
        database.inSnapshot(
            List.of("work_mem = '7MB'", "enable_hashjoin = off"),
            tx -> {
              List<String> seen = new ArrayList<>();
              seen.add(one(tx, "select count(*)::text as x from items"));
              otherThread(
                  () ->
                      database.inTransactionVoid(
                          t -> t.update("insert into items values ('n', 1)")));
              seen.add(one(tx, "select count(*)::text as x from items"));
              seen.add(one(tx, "select current_setting('work_mem') as x"));
              seen.add(one(tx, "select current_setting('enable_hashjoin') as x"));
              return seen;
            });

    assertThat(found).containsExactly("0", "0", "7MB", "off");
    assertThat(count("n")).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      assertThat(
              database.<String>read(
                  tx -> one(tx, "select current_setting('enable_hashjoin') as x")))
          .isEqualTo("on");
    }
  }

  @Test
  void aSnapshotChangesNothingAndIsGoneAfterAFailure() {
    assertThatThrownBy(
            () ->
                database.inSnapshot(
                    List.of(), tx -> tx.update("insert into items values ('bolt', 3)")))
        .isInstanceOf(DatabaseUnavailable.class)
        .hasMessageContaining("read-only");
    database.inTransactionVoid(tx -> tx.update("insert into items values ('bolt', 4)"));
    assertThat(count("bolt")).isEqualTo(4);
  }

  private static String one(Tx tx, String sql) {
    return tx.queryOne(sql, row -> row.string("x")).orElseThrow();
  }

  private static void otherThread(Runnable work) {
    try {
      Thread.ofVirtual().start(work).join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void migratesOnceForManyStarts() {
    assertThat(Migrations.apply(settings)).isZero();
  }

  @Test
  void runsBothOfTwoDeadlockedTransactions() throws Exception {
    database.inTransactionVoid(
        tx -> tx.update("insert into items values ('left', 0), ('right', 0)"));
    CyclicBarrier bothHoldOne = new CyclicBarrier(2);
    AtomicInteger runs = new AtomicInteger();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var first = threads.submit(() -> increment("left", "right", bothHoldOne, runs));
      var second = threads.submit(() -> increment("right", "left", bothHoldOne, runs));
      first.get(30, TimeUnit.SECONDS);
      second.get(30, TimeUnit.SECONDS);
    }
    assertThat(count("left")).isEqualTo(2);
    assertThat(count("right")).isEqualTo(2);
    assertThat(runs).hasValue(3);
  }

  private static Void increment(
      String one, String other, CyclicBarrier bothHoldOne, AtomicInteger runs) {
    database.inTransactionVoid(
        tx -> {
          int run = runs.incrementAndGet();
          tx.update("update items set count = count + 1 where name = $1", one);
          if (run <= 2) {
            try {
              bothHoldOne.await(10, TimeUnit.SECONDS);
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
          tx.update("update items set count = count + 1 where name = $1", other);
        });
    return null;
  }

  @Test
  void givesUpOnATransactionThatKeepsLosing() {
    AtomicInteger runs = new AtomicInteger();
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> {
                      runs.incrementAndGet();
                      tx.update(
                          "do $$ begin raise exception 'lost' using errcode = '40001'; end $$");
                    }))
        .isInstanceOfSatisfying(
            DatabaseFailure.class, f -> assertThat(f.sqlState()).isEqualTo("40001"));
    assertThat(runs).hasValue(8);
  }

  @Test
  void keepsEveryTypeOfColumn() {
    Instant at = Instant.now().truncatedTo(ChronoUnit.MICROS);
    UUID token = UUID.randomUUID();
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                insert into samples (label, number, ratio, flag, at, token, bytes, details, tags)
                values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
                """,
                "Ünï ∑",
                42L,
                Double.NaN,
                true,
                at,
                token,
                new byte[] {0, 1, -1},
                "{\"a\": [1, null]}",
                new String[] {"x", "y,z", "\"q\""}));
    database.read(
        tx ->
            tx.queryOne(
                "select * from samples",
                row -> {
                  assertThat(row.string("label")).isEqualTo("Ünï ∑");
                  assertThat(row.int8("number")).isEqualTo(42);
                  assertThat(row.int4("number")).isEqualTo(42);
                  assertThat(row.float8("ratio")).isNaN();
                  assertThat(row.bool("flag")).isTrue();
                  assertThat(row.instant("at")).isEqualTo(at);
                  assertThat(row.uuid("token")).isEqualTo(token);
                  assertThat(row.bytes("bytes")).containsExactly(0, 1, -1);
                  assertThat(row.json("details")).isEqualTo("{\"a\": [1, null]}");
                  assertThat(row.array("tags", String[].class))
                      .containsExactly("x", "y,z", "\"q\"");
                  return true;
                }));
  }

  @Test
  void takesNullForEveryType() {
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                insert into samples (label, number, ratio, flag, at, token, bytes, details, tags)
                values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
                """,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null));
    database.read(
        tx ->
            tx.queryOne(
                "select * from samples where $1::text is null",
                row -> {
                  assertThat(row.stringOrNull("label")).isNull();
                  assertThat(row.int8OrNull("number")).isNull();
                  assertThat(row.int4OrNull("number")).isNull();
                  assertThat(row.float8OrNull("ratio")).isNull();
                  assertThat(row.boolOrNull("flag")).isNull();
                  assertThat(row.instantOrNull("at")).isNull();
                  assertThat(row.uuidOrNull("token")).isNull();
                  assertThat(row.bytesOrNull("bytes")).isNull();
                  assertThat(row.jsonOrNull("details")).isNull();
                  assertThat(row.arrayOrNull("tags", String[].class)).isNull();
                  assertThatThrownBy(() -> row.int8("number"))
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessageContaining("number");
                  return true;
                },
                (Object) null));
    assertThat(
            database.<Boolean>read(
                tx ->
                    tx.queryOne(
                            "select $1 is null as absent",
                            row -> row.bool("absent"),
                            Tx.nullOf(String.class))
                        .orElseThrow()))
        .isTrue();
  }

  @Test
  void unnestsArraysOfEveryType() {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    long rows =
        database.inTransaction(
            tx ->
                tx.update(
                    """
                    insert into samples (label, number, ratio, flag, at, token)
                    select * from unnest($1::text[], $2::bigint[], $3::float8[], $4::boolean[],
                                         $5::timestamptz[], $6::uuid[])
                    """,
                    new String[] {"a", null, "c"},
                    new Long[] {1L, 2L, null},
                    new Double[] {0.5, Double.POSITIVE_INFINITY, Double.NaN},
                    new Boolean[] {true, false, null},
                    new Instant[] {now, null, now},
                    new UUID[] {UUID.randomUUID(), UUID.randomUUID(), null}));
    assertThat(rows).isEqualTo(3);
    assertThat(
            database.<List<Double>>read(
                tx ->
                    tx.query(
                        "select ratio from samples where id = any($1) order by id",
                        row -> row.float8("ratio"),
                        (Object) new Long[] {1L, 2L})))
        .containsExactly(0.5, Double.POSITIVE_INFINITY);
    assertThat(
            database.<List<Instant>>read(
                tx ->
                    tx.query(
                        "select at from samples where at is not null", row -> row.instant("at"))))
        .containsExactly(now, now);
  }

  @Test
  void namesTheViolatedConstraint() {
    database.inTransactionVoid(tx -> tx.update("insert into items values ('bolt', 1)"));
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(tx -> tx.update("insert into items values ('bolt', 2)")))
        .isInstanceOfSatisfying(
            UniqueViolation.class, v -> assertThat(v.constraint()).isEqualTo("items_pkey"));
  }

  @Test
  void saysWhichStatementFailed() {
    assertThatThrownBy(() -> database.read(tx -> tx.update("update nowhere set x = 1")))
        .isInstanceOfSatisfying(
            DatabaseFailure.class,
            failure -> {
              assertThat(failure.sqlState()).isEqualTo("42P01");
              assertThat(failure).hasMessageContaining("update nowhere set x = 1");
            });
  }

  @Test
  void refusesMoreThanOneRowWhereOneIsExpected() {
    assertThatThrownBy(
            () ->
                database.read(
                    tx -> tx.queryOne("select generate_series(1, 2) as n", r -> r.int4("n"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("got 2");
  }

  @Test
  void refusesATransactionInsideATransaction() {
    assertThatThrownBy(() -> database.inTransactionVoid(tx -> database.read(inner -> "")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("pass its Tx on");
  }

  @Test
  void reportsAnExhaustedPoolAsUnavailable() throws Exception {
    try (Database small =
            new Database(Stock.with(settings, 1, Duration.ofMillis(300), Duration.ofSeconds(30)));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch held = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      var holder =
          threads.submit(
              () ->
                  small.inTransaction(
                      tx -> {
                        held.countDown();
                        try {
                          return release.await(10, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                          throw new IllegalStateException(e);
                        }
                      }));
      assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
      assertThatThrownBy(() -> small.read(tx -> tx.update("select 1")))
          .isInstanceOf(DatabaseUnavailable.class);
      release.countDown();
      assertThat(holder.get(10, TimeUnit.SECONDS)).isTrue();
      assertThat(small.<Long>read(tx -> tx.update("update items set count = 0"))).isZero();
    }
  }

  @Test
  void reportsARefusedConnectionAsUnavailable() {
    PostgresSettings nowhere =
        PostgresSettings.of("127.0.0.1", 1, "millrace", "millrace", "", "stock");
    try (Database closed = new Database(nowhere)) {
      assertThatThrownBy(() -> closed.read(tx -> tx.update("select 1")))
          .isInstanceOf(DatabaseUnavailable.class)
          .hasMessageContaining("127.0.0.1:1/millrace");
    }
  }

  @Test
  void waitsForAServerAndThenSaysThatItDidNotCome() {
    PostgresSettings nowhere =
        new PostgresSettings(
            "127.0.0.1",
            1,
            "millrace",
            "millrace",
            "",
            "stock",
            1,
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(5),
            Duration.ofMillis(1200),
            PostgresTls.DISABLED);
    Instant start = Instant.now();
    assertThatThrownBy(() -> Migrations.apply(nowhere))
        .isInstanceOf(DatabaseUnavailable.class)
        .hasMessageContaining("millrace.postgres.host");
    assertThat(Duration.between(start, Instant.now())).isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void survivesTheLossOfItsConnections() {
    database.read(tx -> tx.update("select 1"));
    try (Session other = database.openSession()) {
      other
          .tx()
          .query(
              "select pg_terminate_backend(pid) as gone from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
              row -> row.bool("gone"));
    }
    await()
        .alias("a new connection replaces the lost one")
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptionsInstanceOf(DatabaseUnavailable.class)
        .until(
            () ->
                database.<Integer>read(
                        tx -> tx.queryOne("select 1 as one", row -> row.int4("one")).orElseThrow())
                    == 1);
  }

  @Test
  void reportsAConnectionLostInsideATransactionAsUnavailable() {
    assertThatThrownBy(
            () ->
                database.inTransactionVoid(
                    tx -> {
                      int pid =
                          tx.queryOne("select pg_backend_pid() as pid", row -> row.int4("pid"))
                              .orElseThrow();
                      try (Session killer = database.openSession()) {
                        killer
                            .tx()
                            .query(
                                "select pg_terminate_backend($1) as gone",
                                row -> row.bool("gone"),
                                pid);
                      }
                      tx.update("insert into items values ('ghost', 1)");
                    }))
        .isInstanceOf(DatabaseUnavailable.class);
    assertThat(
            database.<Boolean>read(
                tx -> tx.queryOne("select 1 from items where name = 'ghost'", r -> 1).isPresent()))
        .isFalse();
  }

  @Test
  void stopsAStatementThatRunsTooLong() {
    try (Database hasty =
        new Database(Stock.with(settings, 2, Duration.ofSeconds(5), Duration.ofMillis(200)))) {
      assertThatThrownBy(() -> hasty.read(tx -> tx.query("select pg_sleep(10)", row -> 1)))
          .isInstanceOfSatisfying(
              DatabaseFailure.class, f -> assertThat(f.sqlState()).isEqualTo("57014"));
    }
  }

  @Test
  void leavesNothingBehindWhenTheThreadIsInterrupted() throws Exception {
    CountDownLatch asleep = new CountDownLatch(1);
    List<Throwable> thrown = new ArrayList<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    database.inTransactionVoid(
                        tx -> {
                          tx.update("insert into items values ('ghost', 1)");
                          asleep.countDown();
                          tx.query("select pg_sleep(20)", row -> 1);
                        });
                  } catch (RuntimeException failure) {
                    thrown.add(failure);
                  }
                });
    assertThat(asleep.await(10, TimeUnit.SECONDS)).isTrue();
    thread.interrupt();
    assertThat(thread.join(Duration.ofSeconds(5))).isTrue();
    assertThat(thrown).singleElement().isInstanceOf(DatabaseUnavailable.class);
    await()
        .alias("the connection is not counted as in use")
        .atMost(Duration.ofSeconds(5))
        .until(() -> database.connectionsInUse() == 0);
    assertThat(
            database.<Boolean>read(
                tx -> tx.queryOne("select 1 from items where name = 'ghost'", r -> 1).isPresent()))
        .isFalse();
  }

  @Test
  void streamsOnlyAsMuchAsIsAskedFor() {
    AtomicInteger mapped = new AtomicInteger();
    StepVerifier.create(
            database.stream(
                "select n from generate_series(1, 1000000) as n",
                row -> {
                  mapped.incrementAndGet();
                  return row.int4("n");
                }),
            0)
        .thenRequest(10)
        .expectNextCount(10)
        .thenAwait(Duration.ofMillis(300))
        .then(() -> assertThat(mapped.get()).isLessThan(5_000))
        .thenRequest(1000)
        .expectNextCount(1000)
        .thenCancel()
        .verify(Duration.ofSeconds(10));
    await()
        .alias("the connection goes back on cancel")
        .atMost(Duration.ofSeconds(10))
        .until(() -> database.connectionsInUse() == 0);
  }

  @Test
  void streamsForAReaderSlowerThanTheStatementTimeout() {
    try (Database hasty =
        new Database(Stock.with(settings, 2, Duration.ofSeconds(5), Duration.ofMillis(500)))) {
      Long sum =
          hasty.stream("select n from generate_series(1, 1500) as n", row -> row.int8("n"))
              .limitRate(100)
              .doOnNext(
                  n -> {
                    if (n % 300 == 0) {
                      java.util.concurrent.locks.LockSupport.parkNanos(
                          Duration.ofMillis(200).toNanos());
                    }
                  })
              .reduce(0L, Long::sum)
              .block(Duration.ofSeconds(20));
      assertThat(sum).isEqualTo(1500L * 1501 / 2);
    }
  }

  @Test
  void hearsNotificationsAlsoAfterItsConnectionWasLost() {
    List<String> heard = new java.util.concurrent.CopyOnWriteArrayList<>();
    try (Listening listening = database.listen("news", heard::add)) {
      await().alias("listening").until(() -> heard.contains(""));
      database.read(tx -> tx.query("select pg_notify('news', 'one')", row -> 1));
      await().alias("first").until(() -> heard.contains("one"));
      database.read(
          tx ->
              tx.query(
                  "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'",
                  row -> 1));
      await().alias("listening again").until(() -> heard.stream().filter(""::equals).count() == 2);
      database.read(tx -> tx.query("select pg_notify('news', 'two')", row -> 1));
      await().alias("second").until(() -> heard.contains("two"));
    }
  }

  @Test
  void givesASessionLockToOneSessionAtATime() {
    Session first = database.openSession();
    try (Session second = database.openSession()) {
      assertThat(first.tryLock(7)).isTrue();
      assertThat(second.tryLock(7)).isFalse();
      first.close();
      await().alias("the lock goes with its session").until(() -> second.tryLock(7));
    }
  }

  @Test
  void opensNoConnectionBeforeTheFirstCall() {
    try (Database idle = new Database(settings, "millrace-idle-test")) {
      assertThat(idle.connectionsInUse()).isZero();
      assertThat(
              database.<Long>read(
                  tx ->
                      tx.queryOne(
                              "select count(*) as n from pg_stat_activity where application_name = 'millrace-idle-test'",
                              row -> row.int8("n"))
                          .orElseThrow()))
          .isZero();
      String name =
          idle.read(
              tx ->
                  tx.queryOne("select current_setting('application_name') as n", r -> r.string("n"))
                      .orElseThrow());
      assertThat(name).isEqualTo("millrace-idle-test");
    }
  }

  private static long count(String name) {
    return database.<Long>read(
        tx ->
            tx.queryOne("select count from items where name = $1", row -> row.int8("count"), name)
                .orElseThrow());
  }
}
