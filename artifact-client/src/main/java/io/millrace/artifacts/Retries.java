package io.millrace.artifacts;

import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryListener;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryState;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.core.retry.Retryable;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;

/**
 * Retries of one call, with exponential back-off, until it has made no progress for as long as the
 * patience. An {@link IOException} counts as no answer; every other exception ends the retries.
 */
final class Retries implements RetryListener {

  private static final Logger log = LoggerFactory.getLogger(Retries.class);
  private static final long FIRST_DELAY_MILLIS = 100;
  private static final long LONGEST_DELAY_MILLIS = 5000;
  private static final int LOGGED_RETRY = 3;

  private final String call;
  private final Duration patience;
  private long progress = System.nanoTime();
  private BackOffExecution backOff = startBackOff();

  Retries(String call, Duration patience) {
    this.call = call;
    this.patience = patience;
  }

  /** Restarts the patience and the back-off. */
  void progressed() {
    progress = System.nanoTime();
    backOff = startBackOff();
  }

  private static BackOffExecution startBackOff() {
    ExponentialBackOff delays = new ExponentialBackOff(FIRST_DELAY_MILLIS, 2);
    delays.setJitter(FIRST_DELAY_MILLIS / 2);
    delays.setMaxInterval(LONGEST_DELAY_MILLIS);
    return delays.start();
  }

  /**
   * Runs the call.
   *
   * @throws ArtifactUnavailable when the patience ends
   */
  <T> T run(Retryable<T> attempt) throws InterruptedException {
    RetryTemplate template =
        new RetryTemplate(
            RetryPolicy.builder()
                .predicate(e -> e instanceof IOException && remaining().isPositive())
                .backOff(() -> () -> backOff.nextBackOff())
                .build());
    template.setRetryListener(this);
    try {
      return template.execute(attempt);
    } catch (RetryException e) {
      throw failure(e.getCause());
    }
  }

  private Duration remaining() {
    return patience.minusNanos(System.nanoTime() - progress);
  }

  private RuntimeException failure(Throwable cause) throws InterruptedException {
    // An interrupted read or back-off leaves the flag and some other exception.
    if (cause instanceof InterruptedException || Thread.interrupted()) {
      throw new InterruptedException(call + " was interrupted");
    }
    return switch (cause) {
      case IOException noAnswer ->
          new ArtifactUnavailable(
              "%s did not answer%s: %s; check that artifact-service runs and that millrace.artifact.uri is its address"
                  .formatted(
                      call,
                      patience.isZero() ? "" : " for " + patience.toSeconds() + " s",
                      noAnswer),
              noAnswer);
      case RuntimeException decisive -> decisive;
      case Error error -> throw error;
      default -> new IllegalStateException(cause);
    };
  }

  @Override
  public void beforeRetry(RetryPolicy policy, Retryable<?> attempt, RetryState state) {
    if (state.getRetryCount() == LOGGED_RETRY) {
      log.warn("{} is retried: {}", call, state.getLastException().toString());
    }
  }
}
