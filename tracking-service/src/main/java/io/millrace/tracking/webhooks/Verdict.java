package io.millrace.tracking.webhooks;

import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What follows from one attempt. */
sealed interface Verdict {

  /** The receiver has it. */
  record Delivered() implements Verdict {}

  /** Once more, at a time. */
  record Again(Instant at) implements Verdict {}

  /** Never again. */
  record GivenUp() implements Verdict {}

  /** Never again, and nothing else either: the receiver said so. */
  record Gone() implements Verdict {}

  int GONE = 410;

  /**
   * Decides.
   *
   * @param attempt which one it was, from 1
   * @param chance a number from 0 to 1 that spreads the waits
   */
  static Verdict of(
      Exchange exchange, int attempt, WebhookSettings settings, Instant now, double chance) {
    if (exchange.succeeded()) {
      return new Delivered();
    }
    if (Integer.valueOf(GONE).equals(exchange.status())) {
      return new Gone();
    }
    if (attempt > settings.retries().size()) {
      return new GivenUp();
    }
    Duration wait = settings.retries().get(attempt - 1);
    Duration spread = Duration.ofMillis((long) (wait.toMillis() * settings.jitter() * chance));
    return new Again(now.plus(longer(wait.plus(spread), exchange.retryAfter())));
  }

  private static Duration longer(Duration wait, @Nullable Duration asked) {
    return asked == null || asked.compareTo(wait) < 0 ? wait : asked;
  }
}
