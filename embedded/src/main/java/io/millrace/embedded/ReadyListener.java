package io.millrace.embedded;

import java.time.Duration;

/**
 * Hears of each part of the platform when it is ready. Called from the thread that started the
 * part.
 */
@FunctionalInterface
public interface ReadyListener {

  /** Hears nothing. */
  ReadyListener SILENT = (part, address, took) -> {};

  /**
   * One part is ready.
   *
   * @param part {@code kafka}, {@code postgres} or {@code s3}
   * @param address where it listens, {@code host:port}
   * @param took time from the start of this part until it was ready
   */
  void ready(String part, String address, Duration took);
}
