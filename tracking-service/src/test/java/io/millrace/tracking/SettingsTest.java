package io.millrace.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.artifacts.ArtifactSettings;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

/** Names and defaults of the settings, which are promises. */
class SettingsTest {

  private static Object bound(String type, String prefix, Map<String, String> given)
      throws ClassNotFoundException {
    return new Binder(new MapConfigurationPropertySource(given))
        .bindOrCreate(prefix, Class.forName("io.millrace.tracking." + type));
  }

  @Test
  void haveTheirDefaults() throws Exception {
    assertThat(bound("work.LeaseSettings", "millrace.leases", Map.of()).toString())
        .isEqualTo(
            "LeaseSettings[lease=PT30S, lostAfter=PT1M, lostCheck=PT30S, maxLostAttempts=4]");
    assertThat(bound("flows.FlowSettings", "millrace.flows", Map.of()).toString())
        .isEqualTo("FlowSettings[keep=PT720H, keepMetrics=PT48H, prune=PT10M, heartbeat=PT15S]");
    assertThat(bound("runs.HeartbeatSettings", "millrace.heartbeats", Map.of()).toString())
        .isEqualTo("HeartbeatSettings[check=PT5S]");
    assertThat(bound("retention.RetentionSettings", "millrace.retention", Map.of()).toString())
        .isEqualTo("RetentionSettings[enabled=true, keep=PT720H, every=PT1H]");
    assertThat(bound("mlflow.MlflowSettings", "millrace.mlflow", Map.of()).toString())
        .isEqualTo("MlflowSettings[largestBody=20971520B, truncateLongValues=true]");
  }

  @Test
  void waitForArtifactServiceAsDocumented() throws Exception {
    PropertySource<?> file =
        new YamlPropertySourceLoader()
            .load("file", new ClassPathResource("tracking-service.yml"))
            .getFirst();
    ArtifactSettings settings =
        new Binder(ConfigurationPropertySource.from(file))
            .bindOrCreate("millrace.artifact", ArtifactSettings.class);
    assertThat(settings.uri()).hasToString("http://127.0.0.1:8082");
    assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void callNobodyInsideByDefault() throws Exception {
    assertThat(bound("webhooks.WebhookSettings", "millrace.webhooks", Map.of()).toString())
        .isEqualTo(
            "WebhookSettings[allowedNetworks=[], allowHttp=false, allowedPorts=[], keyFile=null, authorities=null, timeout=PT15S, retries=[PT5S, PT5M, PT30M, PT2H, PT5H, PT10H, PT14H, PT20H, PT24H], jitter=0.2, holdBack=PT5M, disableAfter=PT120H, concurrency=64, perWebhook=4, keep=PT720H, poll=PT1S, most=1000, mostPending=100000]");
    assertThat(
            bound(
                    "webhooks.WebhookSettings",
                    "millrace.webhooks",
                    Map.of(
                        "millrace.webhooks.allowed-networks",
                        "10.1.0.0/16,fd00::/8",
                        "millrace.webhooks.allow-http",
                        "true",
                        "millrace.webhooks.key",
                        "hidden"))
                .toString())
        .contains("[10.1.0.0/16, fd00::/8]", "allowHttp=true")
        .doesNotContain("hidden");
    assertThatThrownBy(
            () ->
                bound(
                    "webhooks.WebhookSettings",
                    "millrace.webhooks",
                    Map.of("millrace.webhooks.allowed-networks", "hospital.example")))
        .rootCause()
        .hasMessageContaining("'hospital.example' is not a network");
  }

  @Test
  void areReadByTheirNames() throws Exception {
    assertThat(
            bound(
                    "flows.FlowSettings",
                    "millrace.flows",
                    Map.of("millrace.flows.keep-metrics", "1h", "millrace.flows.heartbeat", "2s"))
                .toString())
        .contains("keepMetrics=" + Duration.ofHours(1), "heartbeat=PT2S");
    assertThat(
            bound(
                    "runs.HeartbeatSettings",
                    "millrace.heartbeats",
                    Map.of("millrace.heartbeats.check", "9s"))
                .toString())
        .isEqualTo("HeartbeatSettings[check=PT9S]");
    assertThat(
            bound(
                    "mlflow.MlflowSettings",
                    "millrace.mlflow",
                    Map.of(
                        "millrace.mlflow.largest-body",
                        "2MB",
                        "millrace.mlflow.truncate-long-values",
                        "false"))
                .toString())
        .isEqualTo("MlflowSettings[largestBody=2097152B, truncateLongValues=false]");
  }

  @Test
  void refuseWhatCannotBe() {
    assertThatThrownBy(
            () ->
                bound(
                    "runs.HeartbeatSettings",
                    "millrace.heartbeats",
                    Map.of("millrace.heartbeats.check", "0s")))
        .hasRootCauseMessage("millrace.heartbeats.check is PT0S, not 100ms or more");
    Stream.of("1s", "11m")
        .forEach(
            lease ->
                assertThatThrownBy(
                        () ->
                            bound(
                                "work.LeaseSettings",
                                "millrace.leases",
                                Map.of("millrace.leases.lease", lease)))
                    .hasRootCauseMessage(
                        "millrace.leases.lease is "
                            + Duration.parse("PT" + lease.toUpperCase(java.util.Locale.ROOT))
                            + ", not 5s to 10m"));
  }
}
