package io.millrace.messaging;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Deletes inbox marks that are older than any topic keeps the event. */
final class InboxCleanup implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(InboxCleanup.class);
  private static final int ROWS_AT_ONCE = 10_000;

  private final Database database;
  private final InboxSettings settings;
  private volatile @Nullable Thread thread;

  InboxCleanup(Database database, InboxSettings settings) {
    this.database = database;
    this.settings = settings;
  }

  /** Deletes what is older than the retention and returns how many marks that were. */
  long deleteExpired() {
    Instant before = Instant.now().minus(settings.retention());
    long total = 0;
    while (true) {
      long deleted =
          database.inTransaction(
              tx ->
                  tx.update(
                      """
                      delete from inbox where ctid = any(array(
                        select ctid from inbox where seen_at < $1 limit $2))
                      """,
                      before,
                      ROWS_AT_ONCE));
      total += deleted;
      if (deleted < ROWS_AT_ONCE) {
        return total;
      }
    }
  }

  @Override
  public void start() {
    if (thread == null) {
      thread =
          Thread.ofVirtual().name("inbox-cleanup-" + database.settings().schema()).start(this::run);
    }
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        Thread.sleep(settings.cleanupInterval());
        long deleted = deleteExpired();
        if (deleted > 0) {
          log.debug("Deleted {} old inbox marks", deleted);
        }
      } catch (InterruptedException interrupted) {
        return;
      } catch (DatabaseUnavailable later) {
        log.debug("Inbox clean-up waits: {}", later.getMessage());
      } catch (RuntimeException failure) {
        log.warn("Inbox clean-up failed", failure);
      }
    }
  }

  @Override
  public void stop() {
    Thread running = thread;
    thread = null;
    if (running != null) {
      running.interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return thread != null;
  }
}
