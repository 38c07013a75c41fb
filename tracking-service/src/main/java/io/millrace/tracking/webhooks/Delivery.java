package io.millrace.tracking.webhooks;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message to one webhook, as the log shows it.
 *
 * @param id place in the log
 * @param messageId the {@code webhook-id} that the receiver sees
 * @param sequence place of the event in the history
 * @param attempts how often it was tried
 * @param nextAttemptAt null where there is none
 * @param responseStatus of the last attempt; null where no status came
 * @param response the beginning of the last answer
 * @param error why the last attempt brought no status
 * @param replayOf the delivery that this one repeats
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Delivery(
    long id,
    String webhookId,
    String messageId,
    String type,
    long sequence,
    Instant eventTime,
    DeliveryStatus status,
    int attempts,
    @Nullable Instant nextAttemptAt,
    @Nullable Integer responseStatus,
    @Nullable String response,
    @Nullable String error,
    @Nullable Integer latencyMillis,
    @Nullable Long replayOf,
    Instant createdAt,
    @Nullable Instant endedAt) {

  /** One attempt. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Attempt(
      int attempt,
      Instant at,
      int latencyMillis,
      @Nullable Integer responseStatus,
      String response,
      @Nullable String error) {}
}
