package io.millrace.messaging;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Row;
import io.millrace.database.Session;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Publishes the outbox, in order per key, and deletes what Kafka has acknowledged.
 *
 * <p>It is woken after the commit: by the writer itself where that is in this process, else by a
 * NOTIFY that the writer's replica sends for many commits at once. A NOTIFY inside the transactions
 * would make every commit of the server wait for the one before it, disk and all. A hint that is
 * lost with its process costs one poll interval.
 *
 * <p>Of all replicas that share a schema one relays: it holds a session lock on the same connection
 * that it reads and deletes through, so whoever loses the lock loses the right to delete as well.
 *
 * <p>A failed send closes the producer from the send's own callback. The idempotent producer lets
 * no later record of a partition in before an earlier one, and the close drops everything that has
 * not left yet, so after a failure nothing overtakes; publishing starts again from the table. What
 * Kafka had but the table still holds is published again: a duplicate, which inboxes drop.
 */
final class Relay implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Relay.class);
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** Hints that come within this time make one NOTIFY. */
  private static final Duration BELL_PAUSE = Duration.ofMillis(5);

  private static final int COUNTED_AT_MOST = 100_000;

  private final Database database;
  private final KafkaClients clients;
  private final OutboxSettings settings;
  private final Timer published;
  private final AtomicLong pending = new AtomicLong();
  private final Semaphore wake = new Semaphore(0);
  private final long lockKey;
  private final String schema;
  private volatile @Nullable Thread thread;
  private volatile boolean stopped = true;
  private volatile boolean relaying;

  /** True from a hint that another replica has to hear until the moment before it is told. */
  private final AtomicBoolean ringing = new AtomicBoolean();

  @SuppressWarnings("ArrayRecordComponent") // Carried from the row to the record, never compared.
  private record Waiting(
      long seq,
      String topic,
      String key,
      String[] headers,
      byte @Nullable [] payload,
      Instant createdAt) {

    static Waiting of(Row row) {
      return new Waiting(
          row.int8("seq"),
          row.string("topic"),
          row.string("key"),
          row.array("headers", String[].class),
          row.bytesOrNull("payload"),
          row.instant("created_at"));
    }

    ProducerRecord<byte[], byte[]> outgoing() {
      ProducerRecord<byte[], byte[]> outgoing =
          new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), payload);
      for (int i = 0; i + 1 < headers.length; i += 2) {
        outgoing.headers().add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
      }
      return outgoing;
    }
  }

  Relay(Database database, KafkaClients clients, OutboxSettings settings, MeterRegistry meters) {
    this.database = database;
    this.clients = clients;
    this.settings = settings;
    this.schema = database.settings().schema();
    this.lockKey = 0x6D696C6C00000000L | Integer.toUnsignedLong(schema.hashCode());
    this.published =
        Timer.builder("millrace.outbox.publish")
            .description("From append to Kafka's acknowledgement")
            .tag("schema", schema)
            .register(meters);
    Gauge.builder("millrace.outbox.pending", pending, AtomicLong::get)
        .description("Events that wait in the outbox, as the relaying replica saw it last")
        .tag("schema", schema)
        .register(meters);
  }

  /** True while this replica is the one that relays. */
  boolean relaying() {
    return relaying;
  }

  /** Something was committed to the outbox. Returns at once. */
  void appended() {
    if (relaying) {
      wake.release();
    } else if (ringing.compareAndSet(false, true)) {
      Thread.ofVirtual().name("outbox-bell-" + schema).start(this::ring);
    }
  }

  private void ring() {
    try {
      Thread.sleep(BELL_PAUSE);
      ringing.set(false);
      database.read(
          tx -> tx.query("select pg_notify($1, '') is null as told", row -> true, channel()));
    } catch (InterruptedException | RuntimeException missed) {
      ringing.set(false);
      log.debug("The relay of {} hears of it by its poll", schema, missed);
    }
  }

  private String channel() {
    return "millrace_outbox_" + schema;
  }

  @Override
  public void start() {
    if (settings.enabled() && thread == null) {
      stopped = false;
      thread = Thread.ofVirtual().name("outbox-relay-" + schema).start(this::run);
    }
  }

  @Override
  public void stop() {
    Thread running = thread;
    thread = null;
    stopped = true;
    if (running != null) {
      wake.release();
      try {
        if (!running.join(Duration.ofSeconds(3))) {
          running.interrupt();
          running.join(Duration.ofSeconds(3));
        }
      } catch (InterruptedException interrupted) {
        running.interrupt();
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public boolean isRunning() {
    return thread != null;
  }

  /** Before the listeners start, after them when stopping: what they append still leaves. */
  @Override
  public int getPhase() {
    return Integer.MIN_VALUE + 1000;
  }

  private void run() {
    Duration pause = Duration.ofMillis(200);
    while (!stopped) {
      try (Session session = database.openSession()) {
        pause = Duration.ofMillis(200);
        if (awaitTurn(session)) {
          relay(session);
        }
      } catch (InterruptedException interrupted) {
        return;
      } catch (DatabaseUnavailable | KafkaException failure) {
        log.warn("Relay of {} pauses: {}", schema, failure.getMessage());
      } catch (RuntimeException failure) {
        log.error("Relay of {} pauses", schema, failure);
      } finally {
        relaying = false;
      }
      try {
        if (!stopped) {
          wake.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS);
        }
      } catch (InterruptedException interrupted) {
        return;
      }
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
  }

  private boolean awaitTurn(Session session) throws InterruptedException {
    while (!stopped) {
      if (session.tryLock(lockKey)) {
        return true;
      }
      wake.tryAcquire(settings.takeoverInterval().toMillis(), TimeUnit.MILLISECONDS);
    }
    return false;
  }

  private void relay(Session session) throws InterruptedException {
    session.listen(channel(), payload -> wake.release(), wake::release);
    relaying = true;
    log.debug("Relaying {}", schema);
    KafkaProducer<byte[], byte[]> producer = producer();
    try {
      while (!stopped && session.connected()) {
        wake.drainPermits();
        List<Waiting> batch =
            session
                .tx()
                .query(
                    """
                    select seq, topic, key, headers, payload, created_at
                    from outbox order by seq limit $1
                    """,
                    Waiting::of,
                    settings.batchSize());
        if (batch.isEmpty()) {
          pending.set(0);
          wake.tryAcquire(settings.pollInterval().toMillis(), TimeUnit.MILLISECONDS);
          continue;
        }
        count(session, batch);
        List<Waiting> acknowledged = publish(session, producer, batch);
        if (!acknowledged.isEmpty()) {
          session
              .tx()
              .update(
                  "delete from outbox where seq = any($1::bigint[])",
                  (Object) acknowledged.stream().map(Waiting::seq).toArray(Long[]::new));
          pending.addAndGet(-acknowledged.size());
        }
        if (acknowledged.size() < batch.size()) {
          producer.close(Duration.ZERO);
          Thread.sleep(500);
          producer = producer();
        } else if (batch.size() < settings.batchSize()) {
          // All there was; whoever is in a hurry has rung since.
          wake.tryAcquire(settings.pollInterval().toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } finally {
      producer.close(Duration.ZERO);
    }
  }

  private void count(Session session, List<Waiting> batch) {
    pending.set(
        batch.size() < settings.batchSize()
            ? batch.size()
            : session
                .tx()
                .queryOne(
                    "select count(*) as rows from (select 1 from outbox limit $1) as waiting",
                    row -> row.int8("rows"),
                    COUNTED_AT_MOST)
                .orElse(0L));
  }

  /**
   * Sends the batch in order and returns what Kafka acknowledged: all of it, or what came first.
   */
  private List<Waiting> publish(
      Session session, KafkaProducer<byte[], byte[]> producer, List<Waiting> batch)
      throws InterruptedException {
    AtomicBoolean failed = new AtomicBoolean();
    List<Future<RecordMetadata>> sends = new ArrayList<>(batch.size());
    for (Waiting event : batch) {
      if (failed.get()) {
        break;
      }
      try {
        sends.add(
            producer.send(
                event.outgoing(),
                (metadata, failure) -> {
                  if (failure != null && failed.compareAndSet(false, true)) {
                    log.warn(
                        "Outbox of {}: {} of {} is not published: {}",
                        schema,
                        event.seq(),
                        event.topic(),
                        failure.toString());
                    producer.close(Duration.ZERO);
                  }
                }));
      } catch (IllegalStateException closed) {
        break;
      }
    }
    List<Waiting> acknowledged = new ArrayList<>(sends.size());
    for (int i = 0; i < sends.size(); i++) {
      if (acknowledged(session, sends.get(i))) {
        acknowledged.add(batch.get(i));
        published.record(
            Duration.between(
                batch.get(i).createdAt(), max(Instant.now(), batch.get(i).createdAt())));
      }
    }
    return acknowledged;
  }

  private static Instant max(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  /** Waits for Kafka as long as it takes, while this replica still holds the lock. */
  private boolean acknowledged(Session session, Future<RecordMetadata> send)
      throws InterruptedException {
    while (true) {
      try {
        send.get(SIGN_OF_LIFE.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (ExecutionException refused) {
        return false;
      } catch (TimeoutException notYet) {
        if (stopped) {
          throw new InterruptedException("stopping");
        }
        session.tx().query("select 1 as alive", row -> row.int4("alive"));
      }
    }
  }

  private KafkaProducer<byte[], byte[]> producer() {
    return clients.producer(
        "outbox",
        Map.of(
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            5_000,
            // An outage is waited out inside the producer, in order.
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
            Integer.MAX_VALUE,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
            15_000));
  }
}
