package io.millrace.tracking.webhooks.outbound;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What came of one call.
 *
 * @param status HTTP status; null where none came
 * @param body the beginning of the answer, as text
 * @param latency from the call to the status, or to the failure
 * @param error why no status came; null where one did
 * @param retryAfter how long the receiver asks to wait; null where it does not
 */
public record Exchange(
    @Nullable Integer status,
    String body,
    Duration latency,
    @Nullable String error,
    @Nullable Duration retryAfter) {

  /** Whether the receiver has taken it: a status of 200 to 299. A redirect is not followed. */
  public boolean succeeded() {
    return status != null && status / 100 == 2;
  }

  /** What came, in a few words. */
  public String words() {
    return status == null ? String.valueOf(error) : "the receiver answered " + status;
  }
}
