package io.millrace.messaging;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The relay from outbox to Kafka (`millrace.outbox.*`).
 *
 * @param enabled false: events are stored, another replica relays them
 * @param pollInterval longest wait without a notification before the outbox is looked at
 * @param takeoverInterval how often a standing-by replica tries to take over
 * @param batchSize rows read at once, 1 to 10000
 */
@ConfigurationProperties("millrace.outbox")
public record OutboxSettings(
    @DefaultValue("true") boolean enabled,
    @DefaultValue("1s") Duration pollInterval,
    @DefaultValue("1s") Duration takeoverInterval,
    @DefaultValue("500") int batchSize) {

  public OutboxSettings {
    if (batchSize < 1 || batchSize > 10_000) {
      throw new IllegalArgumentException(
          "millrace.outbox.batch-size is " + batchSize + ", not 1 to 10000");
    }
  }
}
