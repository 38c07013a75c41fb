package io.millrace.monitoring.models;

import io.millrace.artifacts.ArtifactException;
import io.millrace.database.Database;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Downloads the profiles that are pending, and retries those whose artifacts are unavailable.
 * Several processes may do so at once.
 */
@Component
class ProfileLoader implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(ProfileLoader.class);
  private static final Duration AGAIN = Duration.ofSeconds(2);

  private final Database database;
  private final Watches watches;
  private final ProfileFetcher fetcher;
  private final Semaphore work = new Semaphore(1);
  private volatile boolean running;
  private @Nullable Thread thread;

  ProfileLoader(Database database, Watches watches, ProfileFetcher fetcher) {
    this.database = database;
    this.watches = watches;
    this.fetcher = fetcher;
  }

  /** Looks for pending profiles at once. */
  void wake() {
    work.release();
  }

  @Override
  public void start() {
    running = true;
    thread = Thread.ofVirtual().name("profiles").start(this::run);
  }

  @Override
  public void stop() {
    running = false;
    Thread current = thread;
    if (current != null) {
      current.interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void run() {
    while (running) {
      try {
        var _ = work.tryAcquire(AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        work.drainPermits();
        List<Watches.Pending> pending = database.read(watches::pending);
        for (Watches.Pending each : pending) {
          load(each);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        log.warn("Profiles wait: {}", e.toString());
      }
    }
  }

  private void load(Watches.Pending pending) throws InterruptedException {
    try {
      String profile = fetcher.fetch(pending.packageUri(), pending.packageSha256());
      database.inTransactionVoid(tx -> watches.profiled(tx, pending, profile, null));
      log.info("{} has its reference profile", pending.key());
    } catch (ProfileFetcher.NoProfile e) {
      log.error("{} is not watched: {}", pending.key(), e.getMessage());
      database.inTransactionVoid(tx -> watches.profiled(tx, pending, null, e.getMessage()));
    } catch (ArtifactException | IOException e) {
      log.warn("The reference profile of {} waits: {}", pending.key(), e.toString());
    }
  }
}
