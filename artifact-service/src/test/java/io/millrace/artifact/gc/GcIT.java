package io.millrace.artifact.gc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class GcIT {

  @Test
  void removesWhatNothingRefersToAndNothingElse() throws Exception {
    try (RunningService service =
        RunningService.start(
            Map.of(
                "millrace.artifact.delete-after", "0s",
                "millrace.artifact.keep-contents", "0s",
                "millrace.artifact.abandoned-after", "1s",
                "millrace.artifact.sweep-interval", "200ms"))) {
      await("bucket").until(() -> service.get("/actuator/health/readiness").status() == 200);
      Bucket bucket = new Bucket(service.property("millrace.s3.bucket"));
      service.pushCsv("kept", "x\n1\n");
      service.put("/api/2.0/mlflow-artifacts/artifacts/1/a", new byte[] {1});
      bucket.overwrite("stray/object", new byte[] {7});
      String unused = send(service, "nobody refers to this");
      String deleted = send(service, "of a deleted version");
      service.post(
          "/api/v1/datasets/gone/versions",
          BodyPublishers.ofString(
              "{\"files\":[{\"path\":\"a.txt\",\"sha256\":\"%s\",\"size\":20}]}"
                  .formatted(deleted)),
          "Content-Type",
          "application/json");
      assertThat(whats(service.get("/api/v1/artifacts/gc").json())).containsExactly(unused);
      service.delete("/api/v1/datasets/gone/versions/1");

      await("the stray object is old enough").until(() -> look(service).path("count").asInt() == 3);
      JsonNode report = look(service);
      assertThat(report.path("dryRun").asBoolean()).isTrue();
      assertThat(whats(report)).containsExactlyInAnyOrder(unused, deleted, "stray/object");
      assertThat(report.path("items").path(0).path("why").asString())
          .contains("no dataset version");
      assertThat(bucket.keys()).contains("stray/object", key(unused), key(deleted));

      JsonNode run =
          service.post("/api/v1/artifacts/gc?unknownObjects=true", BodyPublishers.noBody()).json();
      assertThat(run.path("dryRun").asBoolean()).isFalse();
      assertThat(run.path("count").asInt()).isEqualTo(3);
      await("only what is referred to is left").until(() -> bucket.keys().size() == 2);
      assertThat(look(service).path("count").asInt()).isZero();
      assertThat(service.get("/api/v1/datasets/kept/versions/1/content").text())
          .isEqualTo("x\n1\n");
      assertThat(service.get("/api/2.0/mlflow-artifacts/artifacts/1/a").status()).isEqualTo(200);
    }
  }

  private static JsonNode look(RunningService service) {
    return service.get("/api/v1/artifacts/gc?unknownObjects=true").json();
  }

  private static java.util.List<String> whats(JsonNode report) {
    return report.path("items").valueStream().map(item -> item.path("what").asString()).toList();
  }

  private static String key(String digest) {
    return "sha256/" + digest.substring(0, 2) + "/" + digest.substring(2, 4) + "/" + digest;
  }

  private static String send(RunningService service, String text) throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(service.uri("/api/v1/contents/" + digest))
                        .PUT(BodyPublishers.ofByteArray(bytes)))
                .status())
        .isEqualTo(200);
    return digest;
  }
}
