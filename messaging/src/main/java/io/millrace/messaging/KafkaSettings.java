package io.millrace.messaging;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where Kafka is (`millrace.kafka.*`).
 *
 * @param bootstrapServers `host:port`, several with commas
 * @param startupTimeout how long a start waits for a broker that is not up yet
 * @param publisherMaxBlock how long {@link EventPublisher#publish} may block when the broker cannot
 *     be reached or the send buffer is full, before the future fails
 */
@ConfigurationProperties("millrace.kafka")
public record KafkaSettings(
    @DefaultValue("127.0.0.1:9092") String bootstrapServers,
    @DefaultValue("2m") Duration startupTimeout,
    @DefaultValue("10s") Duration publisherMaxBlock) {

  /** Settings with every default. */
  public static KafkaSettings of(String bootstrapServers) {
    return new KafkaSettings(bootstrapServers, Duration.ofMinutes(2), Duration.ofSeconds(10));
  }
}
