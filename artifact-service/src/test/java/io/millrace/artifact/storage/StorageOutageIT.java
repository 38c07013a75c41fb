package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.embedded.EmbeddedS3;
import io.millrace.embedded.S3Keys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageOutageIT {

  private static final String FILE = "/api/2.0/mlflow-artifacts/artifacts/1/x";

  @Test
  void waitsForTheObjectStoreAndRefusesMeanwhile(@TempDir Path data) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (RunningService service =
        RunningService.start(
            Map.of(
                "millrace.s3.endpoint", "http://127.0.0.1:" + port,
                "millrace.s3.access-key", "someone",
                "millrace.s3.secret-key", "secret"))) {
      Answer refused = service.put(FILE, new byte[] {1});
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("2");
      assertThat(refused.json().path("error_code").asString()).isEqualTo("TEMPORARILY_UNAVAILABLE");
      Answer push = service.pushCsv("x", "a,b\n1,2\n");
      assertThat(push.status()).isEqualTo(503);
      assertThat(push.header("Retry-After")).isEqualTo("2");
      assertThat(push.json().path("code").asString()).isEqualTo("storage-unavailable");
      assertThat(service.get("/actuator/health/readiness").status()).isEqualTo(503);
      assertThat(service.get("/actuator/health/liveness").status()).isEqualTo(200);

      try (EmbeddedS3 s3 =
          EmbeddedS3.start(
              EmbeddedPlatformSettings.in(data)
                  .withPorts(0, 0, port)
                  .withS3Keys(new S3Keys("someone", "secret")))) {
        assertThat(s3.endpoint()).endsWith(":" + port);
        await("bucket made")
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () ->
                    assertThat(service.get("/actuator/health/readiness").text())
                        .endsWith("\"status\":\"UP\"}"));
        assertThat(service.put(FILE, new byte[] {1}).status()).isEqualTo(200);
        assertThat(service.pushCsv("x", "a,b\n1,2\n").status()).isEqualTo(201);
      }
      assertThat(service.get(FILE).status()).isEqualTo(503);
    }
  }
}
