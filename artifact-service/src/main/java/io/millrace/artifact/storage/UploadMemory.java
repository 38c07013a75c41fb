package io.millrace.artifact.storage;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Keeps what all uploads together hold in memory below a bound, by making some of them wait. */
final class UploadMemory {

  private static final int UNIT = 64 * 1024;

  private final Semaphore units;
  private final Duration patience;
  private final long bytes;

  UploadMemory(long bytes, Duration patience) {
    this.bytes = bytes;
    this.units = new Semaphore(unitsOf(bytes), true);
    this.patience = patience;
  }

  /**
   * Waits for that many bytes.
   *
   * @throws StorageUnavailable if they do not become free in time
   */
  Share take(int size) {
    int needed = unitsOf(size);
    try {
      if (!units.tryAcquire(needed, patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new StorageUnavailable(
            "all %d bytes of millrace.s3.upload-memory are in use by other uploads: try again later"
                .formatted(bytes));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageUnavailable("interrupted while waiting for upload memory", e);
    }
    return new Share(needed);
  }

  /** That many bytes if they are free this moment. */
  Optional<Share> takeNow(int size) {
    int needed = unitsOf(size);
    return units.tryAcquire(needed) ? Optional.of(new Share(needed)) : Optional.empty();
  }

  private static int unitsOf(long bytes) {
    return Math.toIntExact((bytes + UNIT - 1) / UNIT);
  }

  /** Memory of one upload, given back once. */
  final class Share implements AutoCloseable {
    private final int held;
    private boolean open = true;

    private Share(int held) {
      this.held = held;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        units.release(held);
      }
    }
  }
}
