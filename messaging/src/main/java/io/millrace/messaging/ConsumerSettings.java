package io.millrace.messaging;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What consumers of facts do with failures (`millrace.consumer.*`).
 *
 * @param maxAttempts attempts at a record whose handler throws something that is neither terminal
 *     nor retryable, before it is dead-lettered; 1 to 100
 * @param firstPause wait before the second attempt; each further wait is twice as long
 * @param longestPause upper limit of a wait; well below Kafka's max.poll.interval
 */
@ConfigurationProperties("millrace.consumer")
public record ConsumerSettings(
    @DefaultValue("5") int maxAttempts,
    @DefaultValue("200ms") Duration firstPause,
    @DefaultValue("30s") Duration longestPause) {

  public ConsumerSettings {
    if (maxAttempts < 1 || maxAttempts > 100) {
      throw new IllegalArgumentException(
          "millrace.consumer.max-attempts is " + maxAttempts + ", not 1 to 100");
    }
  }
}
