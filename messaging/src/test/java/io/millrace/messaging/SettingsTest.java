package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class SettingsTest {

  @Test
  void haveTheseKeysAndDefaults() {
    assertThat(bind("millrace.outbox", OutboxSettings.class, Map.of("enabled", "true")))
        .isEqualTo(new OutboxSettings(true, Duration.ofSeconds(1), Duration.ofSeconds(1), 500));
    assertThat(bind("millrace.inbox", InboxSettings.class, Map.of("cleanup-interval", "2h")))
        .isEqualTo(new InboxSettings(Duration.ofDays(40), Duration.ofHours(2)));
    assertThat(bind("millrace.consumer", ConsumerSettings.class, Map.of("max-attempts", "5")))
        .isEqualTo(new ConsumerSettings(5, Duration.ofMillis(200), Duration.ofSeconds(30)));
    assertThat(bind("millrace.work", WorkSettings.class, Map.of("concurrency", "1")))
        .isEqualTo(new WorkSettings(1, Duration.ofSeconds(30), 4, Duration.ofSeconds(10)));
    assertThat(bind("millrace.kafka", KafkaSettings.class, Map.of("startup-timeout", "2m")))
        .isEqualTo(KafkaSettings.of("127.0.0.1:9092"));
  }

  @Test
  void refuseWhatIsOutOfRange() {
    assertThatThrownBy(() -> new WorkSettings(1, Duration.ofSeconds(30), 5, Duration.ZERO))
        .hasMessageContaining("millrace.work.max-deliveries");
    assertThatThrownBy(() -> new WorkSettings(0, Duration.ofSeconds(30), 4, Duration.ZERO))
        .hasMessageContaining("millrace.work.concurrency");
    assertThatThrownBy(() -> new ConsumerSettings(0, Duration.ZERO, Duration.ZERO))
        .hasMessageContaining("millrace.consumer.max-attempts");
    assertThatThrownBy(() -> new OutboxSettings(true, Duration.ZERO, Duration.ZERO, 0))
        .hasMessageContaining("millrace.outbox.batch-size");
  }

  private static <T> T bind(String prefix, Class<T> type, Map<String, String> values) {
    Map<String, String> full = new java.util.HashMap<>();
    values.forEach((key, value) -> full.put(prefix + "." + key, value));
    return new Binder(new MapConfigurationPropertySource(full)).bind(prefix, type).get();
  }
}
