package io.millrace.messaging;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Work queues (`millrace.work.*`).
 *
 * @param concurrency jobs at once per queue, 1 to 100
 * @param lock how long a job stays with a worker that gives no sign; renewed at a quarter. Kafka
 *     allows 15 s to 1 min unless its brokers say otherwise
 * @param maxDeliveries deliveries before a job that keeps failing is dead-lettered, 1 to 4 (Kafka
 *     drops a record silently after 5)
 * @param stopTimeout how long a stop waits for handlers that were interrupted
 */
@ConfigurationProperties("millrace.work")
public record WorkSettings(
    @DefaultValue("1") int concurrency,
    @DefaultValue("30s") Duration lock,
    @DefaultValue("4") int maxDeliveries,
    @DefaultValue("10s") Duration stopTimeout) {

  public WorkSettings {
    if (concurrency < 1 || concurrency > 100) {
      throw new IllegalArgumentException(
          "millrace.work.concurrency is " + concurrency + ", not 1 to 100");
    }
    if (maxDeliveries < 1 || maxDeliveries > 4) {
      throw new IllegalArgumentException(
          "millrace.work.max-deliveries is " + maxDeliveries + ", not 1 to 4");
    }
  }
}
