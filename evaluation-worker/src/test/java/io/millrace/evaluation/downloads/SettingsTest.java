package io.millrace.evaluation.downloads;

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

class SettingsTest {

  @Test
  void hasTheseDefaults() {
    assertThat(bind("millrace.artifact", ArtifactSettings.class, Map.of()))
        .isEqualTo(new ArtifactSettings(URI.create("http://127.0.0.1:8082")));
    assertThat(bind("millrace.evaluation.cache", DownloadSettings.class, Map.of()))
        .isEqualTo(new DownloadSettings(null, DataSize.ofGigabytes(2), Duration.ofMinutes(2)));
  }

  @Test
  void hasTheseKeys() {
    assertThat(
            bind(
                "millrace.evaluation.cache",
                DownloadSettings.class,
                Map.of(
                    "millrace.evaluation.cache.directory", "/var/cache/millrace",
                    "millrace.evaluation.cache.size", "10GB",
                    "millrace.evaluation.cache.patience", "30s")))
        .isEqualTo(
            new DownloadSettings(
                Path.of("/var/cache/millrace"), DataSize.ofGigabytes(10), Duration.ofSeconds(30)));
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatThrownBy(
            () ->
                bind(
                    "millrace.artifact",
                    ArtifactSettings.class,
                    Map.of("millrace.artifact.uri", "artifact-service")))
        .isInstanceOf(BindException.class)
        .hasRootCauseMessage(
            "millrace.artifact.uri is 'artifact-service'; give an address such as http://127.0.0.1:8082");
  }

  private static <T> T bind(String prefix, Class<T> type, Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate(prefix, type);
  }
}
