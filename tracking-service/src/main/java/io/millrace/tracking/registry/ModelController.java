package io.millrace.tracking.registry;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.registry.RegistryHistory.Position;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Registered models with their newest versions and their history, for consoles and auditors. */
@RestController
@RequestMapping("/api/v1/models")
class ModelController {

  private static final int VERSIONS_OF_EACH = 50;

  private final Database database;
  private final RegisteredModels models;
  private final ModelVersions versions;
  private final ServedVersions served;
  private final RegistryHistory history;

  ModelController(
      Database database,
      RegisteredModels models,
      ModelVersions versions,
      ServedVersions served,
      RegistryHistory history) {
    this.database = database;
    this.models = models;
    this.versions = versions;
    this.served = served;
    this.history = history;
  }

  record Item(String name, int latestVersion, List<Version> versions) {}

  record Version(
      int version,
      @Nullable String runId,
      @Nullable String requestId,
      Instant createdAt,
      Map<String, Double> metrics) {}

  /** Everything about a model. */
  record Whole(
      String name,
      String description,
      Instant createdAt,
      Instant updatedAt,
      int latestVersion,
      SortedMap<String, String> tags,
      SortedMap<String, Integer> aliases,
      List<Live> live,
      List<WholeVersion> versions) {}

  /**
   * Where it is live.
   *
   * @param version that is wanted
   * @param deployed that a replica serves
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Live(String environment, int version, long revision, @Nullable Integer deployed) {

    static Live of(ServedVersions.Place place) {
      return new Live(place.environment(), place.version(), place.revision(), place.deployed());
    }
  }

  /** Everything about a version. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record WholeVersion(
      int version,
      String stage,
      List<String> aliases,
      SortedMap<String, String> tags,
      String description,
      String source,
      @Nullable String runId,
      @Nullable String requestId,
      @Nullable String registeredBy,
      Instant createdAt,
      Map<String, Double> metrics) {}

  @GetMapping
  Page<Item> list(
      @RequestParam(defaultValue = "50") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    String after = PageToken.parse(pageToken, 1).map(key -> key.text(0)).orElse("");
    return database.read(
        tx -> {
          Page<RegisteredModel> page =
              Page.of(
                  models.list(tx, after, limit + 1), limit, model -> new Object[] {model.name()});
          List<ModelVersion> newest =
              versions.newest(
                  tx, page.items().stream().map(RegisteredModel::name).toList(), VERSIONS_OF_EACH);
          Map<String, Map<String, Double>> metrics = metrics(tx, newest);
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

  @GetMapping("/{name}")
  Whole get(@PathVariable String name) {
    return database.read(
        tx -> {
          RegisteredModel model = models.find(tx, name).orElseThrow(() -> missing(name));
          List<ModelVersion> newest = versions.newest(tx, List.of(name), VERSIONS_OF_EACH);
          Map<String, Map<String, Double>> metrics = metrics(tx, newest);
          return new Whole(
              model.name(),
              model.description(),
              Instant.ofEpochMilli(model.created()),
              Instant.ofEpochMilli(model.updated()),
              model.lastVersion(),
              model.tags(),
              model.aliases(),
              served.places(tx, name).stream().map(Live::of).toList(),
              newest.stream()
                  .map(version -> whole(version, metrics.getOrDefault(version.runId(), Map.of())))
                  .toList());
        });
  }

  /** What ever happened to a model, newest first; also of one that is deleted or renamed. */
  @GetMapping("/{name}/history")
  Page<HistoryEntry> history(
      @PathVariable String name,
      @RequestParam(required = false) @Nullable Integer version,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    Position before =
        PageToken.parse(pageToken, 2)
            .map(token -> new Position(time(token.text(0), "pageToken"), token.number(1)))
            .orElse(null);
    return database.read(
        tx -> {
          long model = history.model(tx, name, null).orElseThrow(() -> missing(name));
          return Page.of(
              history.of(tx, model, name, version, before, limit + 1),
              limit,
              entry -> new Object[] {entry.at(), entry.seq()});
        });
  }

  /** What was live at a time, now where none is given, and who had put it there. */
  @GetMapping("/{name}/live")
  Standing live(
      @PathVariable String name,
      @RequestParam(defaultValue = "") String at,
      @RequestParam(required = false) @Nullable String environment) {
    // A plus sign of an offset arrives as a blank where the client did not escape it.
    Instant time = at.isEmpty() ? Instant.now() : time(at.replace(' ', '+'), "at");
    return database.read(
        tx -> {
          long model =
              history
                  .model(tx, name, at.isEmpty() ? null : time)
                  .orElseThrow(() -> at.isEmpty() ? missing(name) : missing(name, time));
          return Standing.at(name, time, history.standing(tx, model, name, time), environment);
        });
  }

  private Map<String, Map<String, Double>> metrics(Tx tx, List<ModelVersion> of) {
    return versions.metrics(tx, of.stream().map(ModelVersion::runId).distinct().toList());
  }

  private static Version version(ModelVersion version, Map<String, Double> metrics) {
    return new Version(
        version.version(),
        nullIfEmpty(version.runId()),
        version.requestId(),
        Instant.ofEpochMilli(version.created()),
        metrics);
  }

  private static WholeVersion whole(ModelVersion version, Map<String, Double> metrics) {
    return new WholeVersion(
        version.version(),
        version.stage(),
        version.aliases(),
        version.tags(),
        version.description(),
        version.source(),
        nullIfEmpty(version.runId()),
        version.requestId(),
        nullIfEmpty(version.userId()),
        Instant.ofEpochMilli(version.created()),
        metrics);
  }

  private static @Nullable String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }

  private static Instant time(String text, String name) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException notATime) {
      throw new ApiProblem(
          400,
          "invalid-time",
          "%s is '%s'; use an RFC 3339 time such as 2026-01-31T12:00:00Z.".formatted(name, text));
    }
  }

  private static ApiProblem missing(String name) {
    return new ApiProblem(
        404, "model-not-found", "There is no registered model '%s'.".formatted(name));
  }

  private static ApiProblem missing(String name, Instant at) {
    return new ApiProblem(
        404, "model-not-found", "There was no registered model '%s' at %s.".formatted(name, at));
  }
}
