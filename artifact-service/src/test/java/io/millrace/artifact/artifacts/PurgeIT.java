package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.RunningService;
import io.millrace.artifact.Told;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.ArtifactStored;
import io.millrace.events.LoggedModelPurged;
import io.millrace.events.RunPurged;
import io.millrace.messaging.EventPublisher;
import io.millrace.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PurgeIT {

  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";

  @Test
  void removesTheFilesOfWhatIsGoneForGoodAndOnlyThose() {
    String run = UUID.randomUUID().toString().replace("-", "");
    String other = run + "0";
    String model = "m-" + run;
    try (var service = RunningService.start(Map.of());
        var tracking =
            EventPublisher.connect(EmbeddedPlatform.shared().kafkaBootstrap(), "tracking")) {
      put(service, "7/" + run + "/artifacts/a/b.txt");
      put(service, "7/" + other + "/artifacts/a/b.txt");
      put(service, "7/models/" + model + "/artifacts/MLmodel");
      publish(tracking, run, "s3://elsewhere/7/" + other);
      publish(tracking, run, "mlflow-artifacts:/");
      publish(tracking, run, "mlflow-artifacts:/7");
      publish(tracking, run, "mlflow-artifacts:/7/../7/" + other);
      // Twice: a delivery may be repeated.
      publish(tracking, run, "mlflow-artifacts:/7/" + run + "/artifacts");
      publish(tracking, run, "mlflow-artifacts:/7/" + run + "/artifacts");
      tracking
          .publish(
              Topics.RUNS,
              run,
              LoggedModelPurged.newBuilder()
                  .setModelId(model)
                  .setExperimentId("7")
                  .setArtifactUri("mlflow-artifacts:/7/models/" + model + "/artifacts")
                  .setDeletedAt(Instant.now())
                  .setPurgedBy("retention")
                  .build(),
              null)
          .join();
      await("files are removed")
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  service.get(PROXY + "7/models/" + model + "/artifacts/MLmodel").status() == 404);
      assertThat(service.get(PROXY + "7/" + run + "/artifacts/a/b.txt").status()).isEqualTo(404);
      assertThat(service.get(PROXY + "7/" + other + "/artifacts/a/b.txt").status()).isEqualTo(200);

      // RunPurged told of it: the two puts are all that is told of its files.
      put(service, "7/" + run + "/artifacts/later.txt");
      await("event of the last put")
          .atMost(Duration.ofSeconds(30))
          .until(() -> Told.of(Topics.ARTIFACTS, run).size() >= 2);
      assertThat(Told.of(Topics.ARTIFACTS, run)).hasOnlyElementsOfType(ArtifactStored.class);
    }
  }

  private static void put(RunningService service, String path) {
    assertThat(service.put(PROXY + path, "x".getBytes(StandardCharsets.UTF_8)).status())
        .isEqualTo(200);
  }

  private static void publish(EventPublisher tracking, String run, String uri) {
    tracking
        .publish(
            Topics.RUNS,
            run,
            RunPurged.newBuilder()
                .setRunId(run)
                .setExperimentId("7")
                .setArtifactUri(uri)
                .setDeletedAt(Instant.now())
                .setPurgedBy("retention")
                .build(),
            null)
        .join();
  }
}
