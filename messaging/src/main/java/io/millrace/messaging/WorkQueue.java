package io.millrace.messaging;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.DefaultShareConsumerFactory;

/**
 * Workers of one share group in this process. Each takes one job at a time, renews its lock at a
 * quarter of the lock's time while the handler runs, and acknowledges the job when the handler is
 * done. Stopping interrupts the handlers and gives their jobs back at once. A handler that goes on
 * without its lock remains the worker's only one.
 *
 * <p>It talks to the plain share consumer: a renewal happens while the handler runs, and
 * spring-kafka's listener container calls the handler on the very thread that would have to renew.
 */
public final class WorkQueue implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(WorkQueue.class);

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration RENEWAL_POLL = Duration.ofMillis(200);
  private static final int HOLLOW_POLLS = 3;

  private final AtomicLong polls = new AtomicLong();
  private final String topic;
  private final String group;
  private final JobRunner<?> runner;
  private final KafkaClients clients;
  private final WorkSettings settings;
  private final int concurrency;
  private final List<Worker> workers = new ArrayList<>();

  WorkQueue(
      String topic,
      String group,
      JobRunner<?> runner,
      KafkaClients clients,
      WorkSettings settings,
      int concurrency) {
    this.topic = topic;
    this.group = group;
    this.runner = runner;
    this.clients = clients;
    this.settings = settings;
    this.concurrency = concurrency;
  }

  @Override
  public synchronized void start() {
    if (!workers.isEmpty()) {
      return;
    }
    for (int i = 0; i < concurrency; i++) {
      workers.add(new Worker(i));
    }
    workers.forEach(worker -> worker.thread.start());
  }

  @Override
  public synchronized void stop() {
    workers.forEach(Worker::stop);
    for (Worker worker : workers) {
      try {
        if (!worker.thread.join(settings.stopTimeout().plusSeconds(5))) {
          worker.thread.interrupt();
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        worker.thread.interrupt();
      }
    }
    workers.clear();
  }

  @Override
  public synchronized boolean isRunning() {
    return !workers.isEmpty();
  }

  /** How often the workers have polled. */
  long polls() {
    return polls.get();
  }

  /** How many handlers go on without their lock. */
  synchronized long outliving() {
    return workers.stream().filter(worker -> worker.unlocked != null).count();
  }

  private void configureGroup() throws InterruptedException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    List<AlterConfigOp> wanted =
        List.of(
            set("share.auto.offset.reset", "earliest"),
            set("share.isolation.level", "read_committed"),
            set("share.record.lock.duration.ms", Long.toString(settings.lock().toMillis())));
    try (Admin admin = clients.admin("group-" + group)) {
      admin.incrementalAlterConfigs(Map.of(resource, wanted)).all().get(30, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException refused) {
      throw new KafkaException(
          "Kafka at " + clients.address() + " does not take the settings of share group " + group,
          refused);
    }
  }

  private static AlterConfigOp set(String name, String value) {
    return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
  }

  private ShareConsumer<byte[], byte[]> consumer(int number) {
    Map<String, Object> config = new HashMap<>(clients.common("work-" + group + "-" + number));
    config.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
    config.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500);
    return new DefaultShareConsumerFactory<byte[], byte[]>(
            config, ByteArrayDeserializer::new, ByteArrayDeserializer::new)
        .createShareConsumer(group, null);
  }

  /** One consumer and the job it holds. All calls to the consumer come from its thread. */
  private final class Worker {

    private final int number;
    private final Thread thread;
    private final Semaphore stopSignal = new Semaphore(0);
    private volatile boolean stopping;
    private volatile @Nullable ShareConsumer<byte[], byte[]> consumer;
    private volatile JobRunner<?>.@Nullable Job job;

    /** The job that goes on although its lock is lost. */
    private volatile JobRunner<?>.@Nullable Job unlocked;

    /** Polls in a row that came back at once with nothing, as they do while the broker is away. */
    private int hollow;

    /** The job's record while it may be acknowledged. */
    private @Nullable ConsumerRecord<byte[], byte[]> inHand;

    Worker(int number) {
      this.number = number;
      this.thread = Thread.ofVirtual().name("worker-" + group + "-" + number).unstarted(this::run);
    }

    void stop() {
      stopping = true;
      ShareConsumer<byte[], byte[]> current = consumer;
      if (current != null) {
        current.wakeup();
      }
      JobRunner<?>.Job running = job;
      if (running != null) {
        running.nudge();
      }
      JobRunner<?>.Job outliving = unlocked;
      if (outliving != null) {
        outliving.stop();
      }
      stopSignal.release();
    }

    private void run() {
      while (!stopping) {
        try {
          configureGroup();
          try (ShareConsumer<byte[], byte[]> opened = consumer(number)) {
            consumer = opened;
            opened.setAcknowledgementCommitCallback(this::acknowledged);
            opened.subscribe(Set.of(topic));
            while (!stopping && unlocked == null) {
              next(opened);
            }
          } finally {
            consumer = null;
          }
        } catch (WakeupException wake) {
          log.debug("Worker {} of {} wakes up", number, group);
        } catch (InterruptedException stop) {
          stopping = true;
        } catch (KafkaException | IllegalStateException failure) {
          log.warn("Worker {} of {} starts again: {}", number, group, failure.toString());
          pause();
        }
        outlive();
      }
    }

    /** Waits for a handler that goes on without its lock; a stop ends it. */
    private void outlive() {
      JobRunner<?>.Job running = unlocked;
      if (running == null) {
        return;
      }
      try {
        while (!running.done() && !stopping) {
          running.await(POLL.toMillis());
        }
        if (!running.done()) {
          giveBack(running);
        }
      } catch (InterruptedException stop) {
        stopping = true;
        running.stop();
      } finally {
        unlocked = null;
      }
    }

    private void next(ShareConsumer<byte[], byte[]> from) throws InterruptedException {
      for (ConsumerRecord<byte[], byte[]> incoming : poll(from, POLL)) {
        if (job != null || stopping) {
          from.acknowledge(incoming, AcknowledgeType.RELEASE);
          continue;
        }
        job = runner.start(incoming);
        inHand = incoming;
      }
      JobRunner<?>.Job started = job;
      if (started != null) {
        try {
          see(from, started);
        } finally {
          // Where Kafka failed meanwhile, the handler has not been told yet.
          started.lose();
          unlocked = started.outlivesLock() ? started : null;
          job = null;
          inHand = null;
        }
      }
    }

    /** Keeps the lock until the handler is done, then acknowledges. */
    private void see(ShareConsumer<byte[], byte[]> from, JobRunner<?>.Job running)
        throws InterruptedException {
      long renewAfter =
          from.acquisitionLockTimeoutMs().map(Integer::longValue).orElse(settings.lock().toMillis())
              / 4;
      while (!running.done()) {
        boolean renewalDue = !running.await(renewAfter);
        if (stopping) {
          giveBack(running);
          break;
        }
        if (renewalDue) {
          renew(from, running, renewAfter * 3);
        }
        if (running.lockLost()) {
          break;
        }
      }
      conclude(from, running);
    }

    private void giveBack(JobRunner<?>.Job running) throws InterruptedException {
      running.stop();
      long deadline = System.nanoTime() + settings.stopTimeout().toNanos();
      while (!running.done() && System.nanoTime() < deadline) {
        running.await(100);
      }
      if (!running.done()) {
        log.warn("A handler of {} goes on although it was interrupted", group);
      }
    }

    /**
     * The renewed record comes back with one of the next polls and can only then be acknowledged.
     */
    private void renew(ShareConsumer<byte[], byte[]> from, JobRunner<?>.Job running, long patience)
        throws InterruptedException {
      ConsumerRecord<byte[], byte[]> held = inHand;
      if (held == null) {
        running.lose();
        return;
      }
      from.acknowledge(held, AcknowledgeType.RENEW);
      inHand = null;
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patience);
      while (inHand == null && !running.lockLost()) {
        if (System.nanoTime() > deadline) {
          log.warn(
              "{}-{}-{} of {}: its lock could not be renewed in time",
              held.topic(),
              held.partition(),
              held.offset(),
              group);
          running.lose();
          return;
        }
        for (ConsumerRecord<byte[], byte[]> incoming : pollThroughStop(from, RENEWAL_POLL)) {
          if (same(incoming, held)) {
            inHand = incoming;
          } else {
            from.acknowledge(incoming, AcknowledgeType.RELEASE);
          }
        }
      }
    }

    /** A poll that a stop does not end before the renewed record is in hand again. */
    private ConsumerRecords<byte[], byte[]> pollThroughStop(
        ShareConsumer<byte[], byte[]> from, Duration patience) throws InterruptedException {
      try {
        return poll(from, patience);
      } catch (WakeupException wake) {
        return poll(from, patience);
      }
    }

    /**
     * Polls, and waits for the rest of the time where poll does not: while no broker is connected
     * it returns at once, and the loops around it would take a processor for themselves.
     */
    private ConsumerRecords<byte[], byte[]> poll(
        ShareConsumer<byte[], byte[]> from, Duration patience) throws InterruptedException {
      long began = System.nanoTime();
      polls.incrementAndGet();
      ConsumerRecords<byte[], byte[]> polled = from.poll(patience);
      long rest = patience.toNanos() - (System.nanoTime() - began);
      hollow = polled.isEmpty() && rest > patience.toNanos() / 2 ? hollow + 1 : 0;
      if (hollow > HOLLOW_POLLS && !stopping) {
        stopSignal.tryAcquire(rest, TimeUnit.NANOSECONDS);
      }
      return polled;
    }

    private static boolean same(ConsumerRecord<?, ?> a, ConsumerRecord<?, ?> b) {
      return a.offset() == b.offset()
          && a.partition() == b.partition()
          && a.topic().equals(b.topic());
    }

    private void conclude(ShareConsumer<byte[], byte[]> from, JobRunner<?>.Job running) {
      ConsumerRecord<byte[], byte[]> held = inHand;
      if (held == null) {
        return;
      }
      from.acknowledge(
          held, running.concluded() ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
      Map<TopicIdPartition, Optional<KafkaException>> results = commit(from);
      results.forEach(
          (partition, failure) ->
              failure.ifPresent(
                  refused ->
                      log.warn(
                          "{}-{} of {}: the lock was lost before the job was acknowledged: {}",
                          partition,
                          held.offset(),
                          group,
                          refused.toString())));
    }

    private Map<TopicIdPartition, Optional<KafkaException>> commit(
        ShareConsumer<byte[], byte[]> from) {
      while (true) {
        try {
          return from.commitSync(Duration.ofSeconds(10));
        } catch (WakeupException wake) {
          // The pending wake-up of a stop; the acknowledgement still has to go out.
        }
      }
    }

    private void acknowledged(
        Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
      JobRunner<?>.Job running = job;
      if (failure != null && running != null && !running.done()) {
        log.warn("A lock of {} is lost: {}", group, failure.toString());
        running.lose();
      }
    }

    private void pause() {
      try {
        stopSignal.tryAcquire(1, TimeUnit.SECONDS);
      } catch (InterruptedException stop) {
        log.debug("Worker {} of {} stops", number, group);
      }
    }
  }
}
