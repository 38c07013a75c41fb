package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class S3SettingsTest {

  private static S3Settings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("millrace.s3", S3Settings.class);
  }

  @Test
  void hasTheDocumentedDefaults() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new S3Settings(
                URI.create("http://127.0.0.1:9000"),
                null,
                null,
                "millrace",
                "",
                "millrace",
                "us-east-1",
                DataSize.ofMegabytes(8),
                DataSize.ofMegabytes(64),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(60)));
  }

  @Test
  void takesTheDocumentedKeysAndHidesTheSecret() {
    S3Settings settings =
        bound(Map.of("millrace.s3.secret-key", "hush", "millrace.s3.part-size", "16MB"));
    assertThat(settings.partSize()).isEqualTo(DataSize.ofMegabytes(16));
    assertThat(settings.toString()).doesNotContain("hush");
  }

  @Test
  void refusesACertificateForAPlainEndpoint() {
    assertThatExceptionOfType(BindException.class)
        .isThrownBy(() -> bound(Map.of("millrace.s3.root-certificate", "ca.pem")))
        .withStackTraceContaining("millrace.s3.endpoint is http://127.0.0.1:9000: use https");
  }

  @Test
  void refusesPartsThatS3WouldNotTake() {
    assertThatExceptionOfType(BindException.class)
        .isThrownBy(() -> bound(Map.of("millrace.s3.part-size", "1MB")))
        .withStackTraceContaining("not 5MB to 1GB");
    assertThatExceptionOfType(BindException.class)
        .isThrownBy(() -> bound(Map.of("millrace.s3.upload-memory", "1MB")))
        .withStackTraceContaining("less than one part");
  }
}
