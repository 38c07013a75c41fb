package io.millrace.tracking.registry;

import io.millrace.database.Database;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.registry.ModelVersions.Model;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Registered models with their newest versions, for consoles. */
@RestController
class ModelController {

  private static final int VERSIONS_OF_EACH = 50;

  private final Database database;
  private final ModelVersions versions;

  ModelController(Database database, ModelVersions versions) {
    this.database = database;
    this.versions = versions;
  }

  record Item(String name, int latestVersion, List<Version> versions) {}

  record Version(
      int version,
      @Nullable String runId,
      @Nullable String requestId,
      Instant createdAt,
      Map<String, Double> metrics) {}

  @GetMapping("/api/v1/models")
  Page<Item> list(
      @RequestParam(defaultValue = "50") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    String after = PageToken.parse(pageToken, 1).map(key -> key.text(0)).orElse("");
    return database.read(
        tx -> {
          Page<Model> page =
              Page.of(
                  versions.models(tx, after, limit + 1),
                  limit,
                  model -> new Object[] {model.name()});
          List<ModelVersion> newest =
              versions.newest(
                  tx, page.items().stream().map(Model::name).toList(), VERSIONS_OF_EACH);
          Map<String, Map<String, Double>> metrics =
              versions.metrics(tx, newest.stream().map(ModelVersion::runId).distinct().toList());
          Map<String, List<ModelVersion>> byName =
              newest.stream().collect(Collectors.groupingBy(ModelVersion::name));
          return page.map(
              model ->
                  new Item(
                      model.name(),
                      model.lastVersion(),
                      byName.getOrDefault(model.name(), List.of()).stream()
                          .map(
                              version ->
                                  version(version, metrics.getOrDefault(version.runId(), Map.of())))
                          .toList()));
        });
  }

  private static Version version(ModelVersion version, Map<String, Double> metrics) {
    return new Version(
        version.version(),
        version.runId().isEmpty() ? null : version.runId(),
        version.requestId(),
        Instant.ofEpochMilli(version.created()),
        metrics);
  }
}
