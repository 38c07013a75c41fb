package io.millrace.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.inference.models.ServingSettings;
import io.millrace.inference.predictions.LogSettings;
import io.millrace.inference.requests.RequestSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class SettingsTest {

  private static <T> T bound(Class<T> type, Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("millrace.inference", type);
  }

  @Test
  void haveDefaults() {
    ServingSettings serving = bound(ServingSettings.class, Map.of());
    assertThat(serving.environments()).containsExactly("staging", "production");
    assertThat(serving.replica()).endsWith("-" + ProcessHandle.current().pid());
    assertThat(serving.downloadPatience()).isEqualTo(Duration.ofSeconds(30));
    assertThat(bound(RequestSettings.class, Map.of()))
        .isEqualTo(
            new RequestSettings(
                "production",
                DataSize.ofMegabytes(8),
                DataSize.ofMegabytes(64),
                10_000,
                Duration.ofMillis(2),
                256));
    assertThat(bound(LogSettings.class, Map.of()))
        .isEqualTo(
            new LogSettings(
                Path.of(".millrace/inference/spool"),
                DataSize.ofMegabytes(256),
                DataSize.ofMegabytes(32),
                false));
  }

  @Test
  void goByTheirNames() {
    Map<String, String> given =
        Map.ofEntries(
            Map.entry("millrace.inference.environments", "production"),
            Map.entry("millrace.inference.replica", "r1"),
            Map.entry("millrace.inference.max-package-size", "1MB"),
            Map.entry("millrace.inference.download-patience", "1s"),
            Map.entry("millrace.inference.retry-interval", "2s"),
            Map.entry("millrace.inference.default-environment", "staging"),
            Map.entry("millrace.inference.max-body", "1KB"),
            Map.entry("millrace.inference.body-memory", "2KB"),
            Map.entry("millrace.inference.max-rows", "3"),
            Map.entry("millrace.inference.event-loop-budget", "1ms"),
            Map.entry("millrace.inference.queue", "4"),
            Map.entry("millrace.inference.spool-dir", "/s"),
            Map.entry("millrace.inference.spool-limit", "5KB"),
            Map.entry("millrace.inference.log-buffer", "6KB"),
            Map.entry("millrace.inference.log-before-answer", "true"));
    assertThat(bound(ServingSettings.class, given))
        .isEqualTo(
            new ServingSettings(
                java.util.List.of("production"),
                "r1",
                DataSize.ofMegabytes(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2)));
    assertThat(bound(RequestSettings.class, given))
        .isEqualTo(
            new RequestSettings(
                "staging",
                DataSize.ofKilobytes(1),
                DataSize.ofKilobytes(2),
                3,
                Duration.ofMillis(1),
                4));
    assertThat(bound(LogSettings.class, given))
        .isEqualTo(
            new LogSettings(Path.of("/s"), DataSize.ofKilobytes(5), DataSize.ofKilobytes(6), true));
  }
}
