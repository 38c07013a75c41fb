package io.millrace.messaging;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The record cannot be processed just now. A consumer of facts waits and tries it again in place,
 * for as long as it takes, so that the order per key holds; a work queue gives the job back for
 * another worker.
 */
public final class RetryableFailure extends RuntimeException {

  private final @Nullable Duration after;

  public RetryableFailure(String message) {
    this(message, (Throwable) null);
  }

  public RetryableFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.after = null;
  }

  /** A failure that is worth another try after the given time; more than 30 s counts as 30 s. */
  public RetryableFailure(String message, Duration after) {
    super(message);
    this.after = after;
  }

  /** When to try again; null: the back-off of the consumer decides. */
  public @Nullable Duration after() {
    return after;
  }
}
