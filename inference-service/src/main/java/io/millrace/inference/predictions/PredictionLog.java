package io.millrace.inference.predictions;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.events.PredictionLogged;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.EventPublisher;
import io.millrace.messaging.TerminalFailure;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Sends every answered call to Kafka without making the call wait.
 *
 * <p>Promise: a call that was logged is sent at least once, always under the same event id. While
 * Kafka does not take events, or more calls are on their way than fit the buffer, they go to the
 * {@link Spool} and are sent later in that order, also by a later process. What a process that is
 * killed outright had in memory only is lost: the last milliseconds, about a second where Kafka
 * went away just then, and nothing with `log-before-answer`. So is what comes while the spool is
 * full or cannot be written, which is counted (`inference.predictions`, outcome `lost`) and logged.
 */
@Component
public final class PredictionLog implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(PredictionLog.class);
  private static final int MOST_IN_FLIGHT = 2000;

  /** After this without an answer of Kafka, what is in memory goes to disk. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  private static final long LAST_ANSWERS = TimeUnit.SECONDS.toNanos(3);
  private static final int BATCH = 200;
  private static final Duration SEND = Duration.ofSeconds(20);
  private static final long COMPLAIN_EVERY = TimeUnit.SECONDS.toNanos(30);

  private final EventPublisher publisher;
  private final EventCodec codec;
  private final LogSettings settings;
  private final ConcurrentLinkedQueue<Prediction> queue = new ConcurrentLinkedQueue<>();
  private final AtomicLong queued = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final ConcurrentHashMap<UUID, PredictionEvents.Identified> unanswered =
      new ConcurrentHashMap<>();
  private volatile long oldestUnanswered;
  private final AtomicLong lastComplaint = new AtomicLong(System.nanoTime() - COMPLAIN_EVERY);
  private final Counter sent;
  private final Counter spooled;
  private final Counter lost;
  private final Counter unfit;
  private volatile boolean running;
  private volatile @Nullable Spool spool;

  /** Since when the sender waits inside the producer; 0 where it does not. */
  private volatile long sendingSince;

  private @Nullable Thread sender;
  private @Nullable Thread drainer;
  private @Nullable Thread watch;

  PredictionLog(
      EventPublisher publisher, EventCodec codec, LogSettings settings, MeterRegistry meters) {
    this.publisher = publisher;
    this.codec = codec;
    this.settings = settings;
    this.sent = meters.counter("inference.predictions", "outcome", "sent");
    this.spooled = meters.counter("inference.predictions", "outcome", "spooled");
    this.lost = meters.counter("inference.predictions", "outcome", "lost");
    this.unfit = meters.counter("inference.predictions", "outcome", "row-too-large");
    meters.gauge("inference.predictions.buffer", queued);
    meters.gauge(
        "inference.predictions.spool",
        this,
        self -> {
          Spool open = self.spool;
          return open == null ? 0 : open.bytes();
        });
  }

  /** Logs a call; returns at once, or after a write to disk where it may not stay in memory. */
  public void add(Prediction call) {
    if (settings.logBeforeAnswer() || blocked()) {
      PredictionEvents.of(call, this::rowsTooLarge).forEach(this::keep);
      LockSupport.unpark(drainer);
      return;
    }
    long weight = call.weight();
    if (queued.addAndGet(weight) > settings.logBuffer().toBytes()) {
      queued.addAndGet(-weight);
      PredictionEvents.of(call, this::rowsTooLarge).forEach(this::keep);
      return;
    }
    queue.add(call);
    LockSupport.unpark(sender);
  }

  @Override
  public synchronized void start() {
    if (!running) {
      spool = Spool.open(settings.spoolDir().toAbsolutePath(), settings.spoolLimit().toBytes());
      running = true;
      sender = Thread.ofPlatform().name("prediction-log").daemon().start(this::work);
      drainer = Thread.ofPlatform().name("prediction-spool").daemon().start(this::drain);
      watch = Thread.ofPlatform().name("prediction-watch").daemon().start(this::watch);
    }
  }

  /** Ends after the web server; what Kafka does not take now goes to disk. */
  @Override
  public synchronized void stop() {
    if (!running) {
      return;
    }
    running = false;
    // A batch of the spool that is cut off here is sent again under the same ids.
    end(drainer, LAST_ANSWERS, true);
    end(watch, LAST_ANSWERS, false);
    end(sender, SEND.plusSeconds(10).toNanos(), false);
    long end = System.nanoTime() + LAST_ANSWERS;
    while (inFlight.get() > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    keepUnanswered();
    Spool open = spool;
    spool = null;
    if (open != null) {
      open.close();
    }
  }

  private static void end(@Nullable Thread thread, long nanos, boolean interrupt) {
    if (thread == null) {
      return;
    }
    LockSupport.unpark(thread);
    try {
      if (!thread.join(Duration.ofNanos(nanos)) && interrupt) {
        thread.interrupt();
        thread.join(Duration.ofNanos(nanos));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Starts before the web server and stops after it. */
  @Override
  public int getPhase() {
    return 0;
  }

  private void work() {
    while (running || !queue.isEmpty()) {
      try {
        if (!takeQueue(spooling() || stuck())) {
          LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(500));
        }
      } catch (RuntimeException e) {
        log.error("The prediction log stumbled and goes on", e);
      }
    }
  }

  /** Sends what is on disk. Its waits for Kafka hold up nobody else. */
  private void drain() {
    while (running) {
      try {
        Spool disk = spool;
        boolean waiting = spooling();
        if (!waiting || disk == null || !drain(disk)) {
          LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(waiting ? 1000 : 100));
        }
      } catch (RuntimeException e) {
        log.error("The prediction log stumbled over its spool and goes on", e);
        LockSupport.parkNanos(this, TimeUnit.SECONDS.toNanos(1));
      }
    }
  }

  /** While Kafka is silent nothing stays in memory only, even what is on its way already. */
  private void watch() {
    while (running) {
      try {
        if (silent()) {
          keepUnanswered();
        }
        if (blocked()) {
          takeQueue(true);
        }
      } catch (RuntimeException e) {
        log.error("The prediction log stumbled and goes on", e);
      }
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  private void keepUnanswered() {
    for (PredictionEvents.Identified event : List.copyOf(unanswered.values())) {
      if (unanswered.remove(event.id()) != null) {
        keep(event);
      }
    }
  }

  /** Empties the queue, to disk or to Kafka. */
  private boolean takeQueue(boolean toDisk) {
    boolean did = false;
    boolean disk = toDisk;
    for (Prediction call = queue.poll(); call != null; call = queue.poll()) {
      did = true;
      queued.addAndGet(-call.weight());
      for (PredictionEvents.Identified event : PredictionEvents.of(call, this::rowsTooLarge)) {
        disk = disk || stuck() || spooling();
        if (disk) {
          keep(event);
        } else {
          send(event);
        }
      }
    }
    return did;
  }

  /** True where Kafka has not answered for a while, or too much is on its way. */
  private boolean stuck() {
    return inFlight.get() >= MOST_IN_FLIGHT || silent();
  }

  /** True where Kafka has not answered for a while. */
  private boolean silent() {
    return inFlight.get() > 0 && System.nanoTime() - oldestUnanswered > PATIENCE;
  }

  /** True where the producer holds the sender up, which it does while it knows no broker. */
  private boolean blocked() {
    long since = sendingSince;
    return since != 0 && System.nanoTime() - since > PATIENCE;
  }

  private boolean spooling() {
    Spool open = spool;
    return open != null && !open.isEmpty();
  }

  private void send(PredictionEvents.Identified event) {
    if (inFlight.getAndIncrement() == 0) {
      oldestUnanswered = System.nanoTime();
    }
    unanswered.put(event.id(), event);
    sendingSince = System.nanoTime() | 1;
    CompletableFuture<?> answer = publish(event.id(), event.event());
    sendingSince = 0;
    var _ =
        answer.whenComplete(
            (at, failure) -> {
              boolean ours = unanswered.remove(event.id()) != null;
              if (failure == null) {
                sent.increment();
              } else if (ours) {
                keep(event);
              }
              oldestUnanswered = System.nanoTime();
              inFlight.decrementAndGet();
            });
  }

  private CompletableFuture<?> publish(UUID id, PredictionLogged event) {
    try {
      return publisher.publish(Topics.PREDICTIONS, event.getPredictionId(), event, null, id);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void keep(PredictionEvents.Identified event) {
    Spool disk = spool;
    if (disk != null && disk.append(event.id(), codec.encode(event.event()))) {
      spooled.increment();
      return;
    }
    lost.increment();
    complain(
        "Predictions are lost: Kafka takes none and the spool in {} is full (millrace.inference.spool-limit={}) or cannot be written",
        settings.spoolDir(),
        settings.spoolLimit());
  }

  /** Sends the oldest entries of the spool; true where all of them arrived. */
  private boolean drain(Spool disk) {
    Spool.Batch batch = disk.peek(BATCH);
    List<CompletableFuture<?>> answers = new ArrayList<>();
    for (Spool.Entry entry : batch.entries()) {
      try {
        if (codec.decode(entry.bytes()) instanceof PredictionLogged event) {
          answers.add(publish(entry.id(), event));
          if (answers.getLast().isCompletedExceptionally()) {
            return false;
          }
        }
      } catch (TerminalFailure e) {
        lost.increment();
        log.error("A spooled prediction cannot be read and is dropped: {}", e.getMessage());
      }
    }
    try {
      CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
          .get(SEND.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      log.debug("The spool waits for Kafka: {}", e.toString());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    sent.increment(answers.size());
    disk.taken(batch);
    return !batch.entries().isEmpty();
  }

  private void rowsTooLarge(int rows) {
    unfit.increment(rows);
    complain(
        "{} rows are not logged: a row alone is larger than an event may be ({} bytes)",
        rows,
        PredictionEvents.LARGEST);
  }

  private void complain(String message, Object first, Object second) {
    long last = lastComplaint.get();
    if (System.nanoTime() - last > COMPLAIN_EVERY
        && lastComplaint.compareAndSet(last, System.nanoTime())) {
      log.error(message, first, second);
    }
  }
}
