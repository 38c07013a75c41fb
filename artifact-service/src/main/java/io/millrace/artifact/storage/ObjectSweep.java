package io.millrace.artifact.storage;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Waits for the object store at start, creates the bucket, removes what an earlier process left
 * half-written, and goes on removing objects that nothing refers to.
 */
@Component
final class ObjectSweep implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(ObjectSweep.class);
  private static final int AT_A_TIME = 500;
  private static final Duration HOLD = Duration.ofMinutes(2);
  private static final Duration COLLECT_EVERY = Duration.ofHours(1);
  private static final Duration BETWEEN_TRIES = Duration.ofSeconds(1);

  private final ObjectStore store;
  private final Claims claims;
  private final GarbageCollection garbage;
  private final StorageSettings settings;
  private volatile CountDownLatch stop = new CountDownLatch(0);
  private @Nullable Thread thread;

  ObjectSweep(
      ObjectStore store, Claims claims, GarbageCollection garbage, StorageSettings settings) {
    this.store = store;
    this.claims = claims;
    this.garbage = garbage;
    this.settings = settings;
  }

  @Override
  public void start() {
    CountDownLatch stopped = new CountDownLatch(1);
    stop = stopped;
    thread = Thread.ofVirtual().name("object-sweep").start(() -> run(stopped));
  }

  @Override
  public void stop() {
    stop.countDown();
    Thread running = thread;
    if (running != null) {
      running.interrupt();
      try {
        running.join(Duration.ofSeconds(2));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public boolean isRunning() {
    return stop.getCount() > 0;
  }

  /** Removes everything that is due and returns how many objects that were. */
  int sweep() {
    int removed = 0;
    while (true) {
      List<Claims.Due> due = claims.takeDue(AT_A_TIME, HOLD);
      for (Claims.Due object : due) {
        if (object.uploadId() != null) {
          store.abortParts(object.key(), object.uploadId());
        }
      }
      List<String> keys = due.stream().map(Claims.Due::key).toList();
      store.deleteAll(keys);
      claims.forget(keys);
      removed += keys.size();
      if (due.size() < AT_A_TIME) {
        return removed;
      }
    }
  }

  private void run(CountDownLatch stopped) {
    try {
      awaitBucket(stopped);
      boolean first = true;
      long collectedAt = System.nanoTime() - COLLECT_EVERY.toNanos();
      do {
        try {
          if (first) {
            claims.giveUpThoseOfEarlierProcesses();
            first = false;
          }
          if (System.nanoTime() - collectedAt >= COLLECT_EVERY.toNanos()) {
            collectedAt = System.nanoTime();
            garbage.removeContents();
          }
          int removed = sweep();
          if (removed > 0) {
            log.info("removed {} objects that nothing refers to", removed);
          }
        } catch (RuntimeException e) {
          if (stopped.getCount() > 0) {
            log.warn("the sweep of unreferenced objects goes on later: {}", e.toString());
          }
        }
      } while (!stopped.await(settings.sweepInterval().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitBucket(CountDownLatch stopped) throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        store.createBucket();
        log.info("object store {} is ready", store.address());
        return;
      } catch (StorageUnavailable e) {
        if (attempt % 10 == 0 && stopped.getCount() > 0) {
          log.warn("waiting for the object store: {}", e.getMessage());
        }
      }
      if (stopped.await(BETWEEN_TRIES.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new InterruptedException("stopped");
      }
    }
  }
}
