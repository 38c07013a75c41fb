package io.millrace.messaging;

import io.millrace.database.DatabaseUnavailable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.KafkaException;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

/**
 * What one consumer group does when a handler throws: terminal failures are dead-lettered at once;
 * retryable ones, and an unavailable database, are tried again in place for as long as it takes;
 * anything else a bounded number of times. Waits stay below Kafka's max.poll.interval. A record
 * leaves its partition only when it was handled or is on the dead-letter topic.
 */
final class ConsumerFailures extends DefaultErrorHandler {

  private static final Logger log = LoggerFactory.getLogger(ConsumerFailures.class);

  private static final Duration PAUSE_AFTER_FAILED_LETTER = Duration.ofSeconds(1);

  private final ConsumerSettings settings;

  static ConsumerFailures of(
      String group, ConsumerSettings settings, DeadLetterWriter deadLetters) {
    return new ConsumerFailures(settings, new LastResort(group, deadLetters));
  }

  private ConsumerFailures(ConsumerSettings settings, LastResort lastResort) {
    super(lastResort::accept, new ExponentialBackOff());
    this.settings = settings;
    setBackOffFunction((incoming, thrown) -> backOff(Failures.decisive(thrown)));
    setClassifications(Map.of(), true);
    setRetryListeners(lastResort);
    // The container keeps the records it has instead of fetching them again.
    setSeekAfterError(false);
    setLogLevel(KafkaException.Level.DEBUG);
  }

  /** The deciding failure goes up front, so that a change of it starts a new count. */
  @Override
  public void handleRemaining(
      Exception thrown,
      List<ConsumerRecord<?, ?>> records,
      Consumer<?, ?> consumer,
      MessageListenerContainer container) {
    Throwable decisive = Failures.decisive(thrown);
    super.handleRemaining(
        new ListenerExecutionFailedException(Failures.message(decisive), decisive),
        records,
        consumer,
        container);
  }

  private BackOff backOff(Throwable decisive) {
    return switch (decisive) {
      case TerminalFailure terminal -> new FixedBackOff(0, 0);
      case RetryableFailure retryable when retryable.after() != null ->
          new FixedBackOff(
              Math.min(retryable.after().toMillis(), settings.longestPause().toMillis()),
              FixedBackOff.UNLIMITED_ATTEMPTS);
      case RetryableFailure retryable -> growing(Long.MAX_VALUE);
      case DatabaseUnavailable unavailable -> growing(Long.MAX_VALUE);
      default -> growing(settings.maxAttempts() - 1L);
    };
  }

  private BackOff growing(long retries) {
    if (retries == 0) {
      return new FixedBackOff(0, 0);
    }
    Duration first = settings.firstPause();
    ExponentialBackOff backOff = new ExponentialBackOff(Math.max(1, first.toMillis()), 2);
    backOff.setMaxInterval(settings.longestPause().toMillis());
    backOff.setMaxAttempts(retries);
    return backOff;
  }

  /** Counts attempts, says what happens, and writes the dead letter in the end. */
  private static final class LastResort implements RetryListener {

    private final String group;
    private final DeadLetterWriter deadLetters;
    private final ThreadLocal<Integer> attempts = ThreadLocal.withInitial(() -> 1);

    LastResort(String group, DeadLetterWriter deadLetters) {
      this.group = group;
      this.deadLetters = deadLetters;
    }

    @Override
    public void failedDelivery(
        ConsumerRecord<?, ?> incoming, @Nullable Exception thrown, int attempt) {
      attempts.set(attempt);
      if (thrown == null) {
        return;
      }
      Throwable decisive = Failures.decisive(thrown);
      if (!(decisive instanceof TerminalFailure) && (attempt == 1 || attempt % 10 == 0)) {
        log.warn(
            "{}-{}-{} of {} failed (attempt {}), the partition waits: {}",
            incoming.topic(),
            incoming.partition(),
            incoming.offset(),
            group,
            attempt,
            Failures.message(decisive),
            decisive instanceof RetryableFailure || decisive instanceof DatabaseUnavailable
                ? null
                : decisive);
      }
    }

    @SuppressWarnings("unchecked") // Every consumer of this module reads bytes.
    void accept(ConsumerRecord<?, ?> incoming, Exception thrown) {
      Throwable decisive = Failures.decisive(thrown);
      try {
        deadLetters.write(
            (ConsumerRecord<byte[], byte[]>) incoming,
            group,
            attempts.get(),
            Failures.code(decisive),
            Failures.message(decisive));
      } catch (IllegalStateException notWritten) {
        // The record stays and is handled again; not in a tight loop.
        LockSupport.parkNanos(PAUSE_AFTER_FAILED_LETTER.toNanos());
        throw notWritten;
      }
    }
  }
}
