package io.millrace.training.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class TrainerSettingsTest {

  private static TrainerSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("millrace.training", TrainerSettings.class);
  }

  @Test
  void hasTheDocumentedDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new TrainerSettings(
                null,
                "",
                "io.millrace.trainers.Trainer",
                null,
                DataSize.ofMegabytes(768),
                Duration.ofSeconds(5)));
  }

  @Test
  void takesTheDocumentedKeys() {
    TrainerSettings settings =
        bound(
            Map.of(
                "millrace.training.trainer-jar", "/opt/t.jar",
                "millrace.training.aot-cache", "/opt/t.aot",
                "millrace.training.stop-grace", "30s"));
    assertThat(settings.trainerJar()).hasToString("/opt/t.jar");
    assertThat(settings.aotCache()).hasToString("/opt/t.aot");
    assertThat(settings.stopGrace()).isEqualTo(Duration.ofSeconds(30));
  }
}
