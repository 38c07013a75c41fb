package io.millrace.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

/** Names and defaults of the settings, which are promises. */
class ArtifactSettingsTest {

  private static ArtifactSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("millrace.artifact", ArtifactSettings.class);
  }

  @Test
  void hasTheDocumentedDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new ArtifactSettings(
                URI.create("http://127.0.0.1:8082"),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofMinutes(2),
                new ArtifactSettings.Cache(null, DataSize.ofGigabytes(2))));
  }

  @Test
  void takesTheDocumentedKeys() {
    assertThat(
            bound(
                Map.of(
                    "millrace.artifact.uri", "http://artifacts:1/base/",
                    "millrace.artifact.connect-timeout", "1s",
                    "millrace.artifact.timeout", "2s",
                    "millrace.artifact.patience", "0s",
                    "millrace.artifact.cache.directory", "/var/cache/millrace",
                    "millrace.artifact.cache.size", "10GB")))
        .isEqualTo(
            new ArtifactSettings(
                URI.create("http://artifacts:1/base"),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ZERO,
                new ArtifactSettings.Cache(
                    Path.of("/var/cache/millrace"), DataSize.ofGigabytes(10))));
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatThrownBy(() -> bound(Map.of("millrace.artifact.uri", "artifact-service")))
        .isInstanceOf(BindException.class)
        .hasRootCauseMessage(
            "millrace.artifact.uri is 'artifact-service'; give an address such as http://127.0.0.1:8082");
    assertThatThrownBy(() -> bound(Map.of("millrace.artifact.patience", "-1s")))
        .isInstanceOf(BindException.class);
    assertThatThrownBy(() -> bound(Map.of("millrace.artifact.timeout", "0s")))
        .isInstanceOf(BindException.class);
    assertThatThrownBy(() -> bound(Map.of("millrace.artifact.cache.size", "-1B")))
        .isInstanceOf(BindException.class);
  }
}
