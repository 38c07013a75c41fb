package io.millrace.artifacts;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Closes a response body that has delivered nothing for too long, which makes the blocked read
 * fail: the timeout of an HttpRequest ends with the headers.
 */
final class StallWatch implements AutoCloseable {

  private final InputStream body;
  private final Duration limit;
  private final Thread watcher;
  private volatile long progress = System.nanoTime();

  StallWatch(InputStream body, Duration limit) {
    this.body = body;
    this.limit = limit;
    this.watcher = Thread.ofVirtual().name("stall-watch").start(this::watch);
  }

  void progressed() {
    progress = System.nanoTime();
  }

  private void watch() {
    try {
      while (true) {
        Duration left = limit.minusNanos(System.nanoTime() - progress);
        if (!left.isPositive()) {
          body.close();
          return;
        }
        Thread.sleep(left);
      }
    } catch (InterruptedException finished) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    watcher.interrupt();
  }
}
