package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.database.DatabaseUnavailable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the handler of one queue on one record and decides what becomes of the record. */
final class JobRunner<T extends SpecificRecord> {

  private static final Logger log = LoggerFactory.getLogger(JobRunner.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration PAUSE_AFTER_FAILED_LETTER = Duration.ofSeconds(1);

  private final Class<T> type;
  private final WorkHandler<T> handler;
  private final RecordDecoder decoder;
  private final DeadLetterWriter deadLetters;
  private final WorkSettings settings;
  private final String group;
  private final MeterRegistry meters;

  /** What becomes of the record. */
  enum Outcome {
    DONE,
    GIVEN_BACK,
    DEAD_LETTERED
  }

  JobRunner(
      Class<T> type,
      WorkHandler<T> handler,
      RecordDecoder decoder,
      DeadLetterWriter deadLetters,
      WorkSettings settings,
      String group,
      MeterRegistry meters) {
    this.type = type;
    this.handler = handler;
    this.decoder = decoder;
    this.deadLetters = deadLetters;
    this.settings = settings;
    this.group = group;
    this.meters = meters;
  }

  /** Starts the handler on a thread of its own. */
  Job start(ConsumerRecord<byte[], byte[]> incoming) {
    Job job = new Job(incoming);
    job.thread.start();
    return job;
  }

  private Outcome run(ConsumerRecord<byte[], byte[]> incoming, Job job)
      throws InterruptedException {
    int count = job.count();
    try {
      if (incoming.value() == null) {
        throw new TerminalFailure("undecodable", "The job has no value.");
      }
      if (count > settings.maxDeliveries()) {
        throw new TerminalFailure(
            "deliveries-exhausted",
            "The job was delivered "
                + (count - 1)
                + " times and no worker finished it; the last ones ended without a word.");
      }
      ReceivedEvent<SpecificRecord> event = decoder.decode(incoming);
      if (type.isInstance(event.payload())) {
        work(event, job);
      }
      return Outcome.DONE;
    } catch (InterruptedException interrupted) {
      throw interrupted;
    } catch (Exception thrown) {
      return afterFailure(incoming, job, Failures.decisive(thrown));
    }
  }

  @SuppressWarnings("unchecked") // The payload's class was just checked.
  private void work(ReceivedEvent<SpecificRecord> event, Job job) throws Exception {
    long pause = 200;
    while (true) {
      try {
        handler.work((ReceivedEvent<T>) event, job);
        return;
      } catch (DatabaseUnavailable unavailable) {
        if (job.lockLost()) {
          throw unavailable;
        }
        log.warn("{} of {} waits: {}", event.position(), group, unavailable.getMessage());
        Thread.sleep(pause);
        pause = Math.min(pause * 2, 10_000);
      }
    }
  }

  private Outcome afterFailure(ConsumerRecord<byte[], byte[]> incoming, Job job, Throwable decisive)
      throws InterruptedException {
    if (job.lockLost()) {
      return Outcome.GIVEN_BACK;
    }
    int count = job.count();
    if (decisive instanceof TerminalFailure || count >= settings.maxDeliveries()) {
      String code =
          decisive instanceof TerminalFailure ? Failures.code(decisive) : "deliveries-exhausted";
      return deadLetter(incoming, job, code, Failures.message(decisive));
    }
    log.warn(
        "{}-{}-{} of {} is given back (delivery {}): {}",
        incoming.topic(),
        incoming.partition(),
        incoming.offset(),
        group,
        count,
        Failures.message(decisive));
    Thread.sleep(pauseBeforeGivingBack(decisive, count));
    return Outcome.GIVEN_BACK;
  }

  /**
   * Keeps the job until Kafka has its dead letter: giving it back would use up the deliveries after
   * which Kafka drops a record without a word.
   */
  private Outcome deadLetter(
      ConsumerRecord<byte[], byte[]> incoming, Job job, String code, String message)
      throws InterruptedException {
    while (true) {
      try {
        deadLetters.write(incoming, group, job.count(), code, message);
        return Outcome.DEAD_LETTERED;
      } catch (IllegalStateException notWritten) {
        if (job.lockLost()) {
          return Outcome.GIVEN_BACK;
        }
        log.warn("{}", notWritten.getMessage());
        Thread.sleep(PAUSE_AFTER_FAILED_LETTER);
      }
    }
  }

  private static Duration pauseBeforeGivingBack(Throwable decisive, int count) {
    Duration after =
        decisive instanceof RetryableFailure retryable && retryable.after() != null
            ? retryable.after()
            : Duration.ofMillis(250L * count);
    return after.compareTo(LONGEST_PAUSE) < 0 ? after : LONGEST_PAUSE;
  }

  /** One running handler. */
  final class Job implements Delivery {

    private final int count;
    private final Thread thread;
    private final Semaphore attention = new Semaphore(0);
    private volatile boolean done;
    private final List<Runnable> callbacks = new ArrayList<>();
    private boolean lost;
    private volatile boolean goesOn;
    private volatile boolean stopping;
    private volatile @Nullable Outcome outcome;

    private Job(ConsumerRecord<byte[], byte[]> incoming) {
      this.count = incoming.deliveryCount().map(Short::intValue).orElse(1);
      this.thread =
          Thread.ofVirtual()
              .name(
                  "job-" + incoming.topic() + "-" + incoming.partition() + "-" + incoming.offset())
              .unstarted(() -> runTraced(incoming));
    }

    private void runTraced(ConsumerRecord<byte[], byte[]> incoming) {
      Timer.Sample sample = Timer.start(meters);
      try {
        TraceContext.of(incoming)
            .run(() -> ScopedValue.where(CurrentConsumer.NAME, group).run(() -> decide(incoming)));
      } finally {
        Outcome known = outcome;
        sample.stop(
            meters.timer(
                "millrace.work.duration",
                "queue",
                group,
                "outcome",
                known == null ? "stopped" : known.name().toLowerCase(Locale.ROOT)));
        done = true;
        attention.release();
      }
    }

    private void decide(ConsumerRecord<byte[], byte[]> incoming) {
      try {
        outcome = JobRunner.this.run(incoming, this);
      } catch (InterruptedException interrupted) {
        outcome = Outcome.GIVEN_BACK;
      } catch (RuntimeException | Error failure) {
        log.error("A job of {} cannot be concluded and is given back", group, failure);
        outcome = Outcome.GIVEN_BACK;
      }
    }

    /** Waits for the end of the handler, or for a nudge; true at the end. */
    boolean await(long millis) throws InterruptedException {
      if (!done) {
        attention.tryAcquire(millis, TimeUnit.MILLISECONDS);
      }
      return done;
    }

    /** Ends a wait. */
    void nudge() {
      attention.release();
    }

    boolean done() {
      return done;
    }

    /** Given back where there is none. */
    Outcome outcome() {
      Outcome known = outcome;
      return known == null ? Outcome.GIVEN_BACK : known;
    }

    /**
     * Whether the record is dealt with. What a handler ends while it is being stopped counts, since
     * its lock still holds.
     */
    boolean concluded() {
      return outcome() != Outcome.GIVEN_BACK && (stopping || !lockLost());
    }

    /** Tells the handler to end because the worker does. */
    void stop() {
      boolean toldBefore;
      synchronized (this) {
        if (stopping || done) {
          return;
        }
        stopping = true;
        toldBefore = lost;
      }
      if (toldBefore) {
        thread.interrupt();
      } else {
        lose();
      }
    }

    /** Whether the handler is at work without its lock. */
    boolean outlivesLock() {
      return goesOn && lockLost() && !done;
    }

    /** Tells the handler that the job is no longer its own. */
    void lose() {
      List<Runnable> due;
      synchronized (this) {
        if (lost || done) {
          return;
        }
        lost = true;
        due = List.copyOf(callbacks);
      }
      due.forEach(
          callback -> {
            try {
              callback.run();
            } catch (RuntimeException failure) {
              log.warn("A callback of a lost job failed", failure);
            }
          });
      if (!goesOn || stopping) {
        thread.interrupt();
      }
    }

    @Override
    public int count() {
      return count;
    }

    @Override
    public boolean stopping() {
      return stopping;
    }

    @Override
    public synchronized boolean lockLost() {
      return lost;
    }

    @Override
    public void goOnWithoutLock() {
      goesOn = true;
    }

    @Override
    public void onLockLost(Runnable callback) {
      synchronized (this) {
        if (!lost) {
          callbacks.add(callback);
          return;
        }
      }
      callback.run();
    }
  }
}
