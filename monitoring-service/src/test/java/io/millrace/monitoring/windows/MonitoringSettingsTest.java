package io.millrace.monitoring.windows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class MonitoringSettingsTest {

  private static MonitoringSettings bound(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("millrace.monitoring", MonitoringSettings.class);
  }

  @Test
  void haveDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new MonitoringSettings(
                1,
                500,
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                1,
                1,
                1000,
                Duration.ofDays(4)));
  }

  @Test
  void goByTheirNames() {
    assertThat(
            bound(
                Map.of(
                    "millrace.monitoring.consumers", "2",
                    "millrace.monitoring.keep-ids", "10d",
                    "millrace.monitoring.batch", "3",
                    "millrace.monitoring.grace", "4s",
                    "millrace.monitoring.tick", "5s",
                    "millrace.monitoring.profile-wait", "6s",
                    "millrace.monitoring.windows-to-detect", "7",
                    "millrace.monitoring.windows-to-resolve", "8",
                    "millrace.monitoring.keep-windows", "9")))
        .isEqualTo(
            new MonitoringSettings(
                2,
                3,
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                Duration.ofSeconds(6),
                7,
                8,
                9,
                Duration.ofDays(10)));
  }

  @Test
  void refuseWhatMakesNoSense() {
    assertThatThrownBy(() -> bound(Map.of("millrace.monitoring.batch", "0")))
        .hasRootCauseMessage("millrace.monitoring.batch is 0, not 1 to 5000");
  }
}
