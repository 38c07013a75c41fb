package io.millrace.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.ArtifactDeleted;
import io.millrace.events.ArtifactStored;
import io.millrace.events.DatasetVersionCreated;
import io.millrace.events.DatasetVersionDeleted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;

/** A call that may change something leaves an event, or docs/events.md says why it leaves none. */
class StateChangesIT {

  private static final Path PAGE = Path.of("../docs/events.md");

  private static final Map<String, Class<? extends SpecificRecord>> LEAVES =
      Map.of(
          "POST /api/v1/datasets/{}/versions", DatasetVersionCreated.class,
          "DELETE /api/v1/datasets/{}/versions/{}", DatasetVersionDeleted.class,
          "PUT /api/2.0/mlflow-artifacts/artifacts/{}", ArtifactStored.class,
          "POST /api/2.0/mlflow-artifacts/mpu/complete/{}", ArtifactStored.class,
          "POST /api/2.0/mlflow/upload-artifact", ArtifactStored.class,
          "DELETE /api/2.0/mlflow-artifacts/artifacts/{}", ArtifactDeleted.class);

  private static final Set<String> LEAVES_NONE =
      Set.of(
          "POST /api/v1/contents/missing",
          "PUT /api/v1/contents/{}",
          "POST /api/v1/contents/{}/uploads",
          "PUT /api/v1/contents/{}/uploads/{}/parts/{}",
          "POST /api/v1/contents/{}/uploads/{}/complete",
          "POST /api/v1/datasets/{}/versions/{}/verify",
          "POST /api/v1/artifacts/gc",
          "POST /api/2.0/mlflow-artifacts/mpu/create/{}",
          "POST /api/2.0/mlflow-artifacts/mpu/abort/{}",
          "PUT /api/2.0/mlflow-artifacts/mpu/part/{}/{}",
          "POST /api/2.0/mlflow/artifacts/presigned-upload-url");

  @Test
  void noCallIsLeftOut() throws IOException {
    Set<String> known = new TreeSet<>(LEAVES.keySet());
    known.addAll(LEAVES_NONE);
    assertThat(changingRoutes()).isEqualTo(known);
    String page = Files.readString(PAGE).replaceAll("\\{[^}]*}", "{}");
    assertThat(LEAVES_NONE).allSatisfy(call -> assertThat(page).contains("`" + call + "`"));
  }

  /**
   * MLflow's are there under two names each, and those of uploads in parts with and without a
   * folder.
   */
  private static Set<String> changingRoutes() {
    Set<String> routes = new TreeSet<>();
    try (RunningService service = RunningService.start(Map.of())) {
      service
          .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
          .getHandlerMethods()
          .keySet()
          .forEach(
              route ->
                  route.getMethodsCondition().getMethods().stream()
                      .filter(method -> method != RequestMethod.GET && method != RequestMethod.HEAD)
                      .forEach(
                          method ->
                              route.getPatternsCondition().getPatterns().stream()
                                  .map(path -> named(path.getPatternString()))
                                  .forEach(path -> routes.add(method + " " + path))));
    }
    return routes;
  }

  private static String named(String pattern) {
    return pattern
        .replaceAll("\\{[^}]*}", "{}")
        .replaceFirst("^/ajax-api/", "/api/")
        .replaceFirst("/mpu/([a-z]+)$", "/mpu/$1/{}");
  }
}
