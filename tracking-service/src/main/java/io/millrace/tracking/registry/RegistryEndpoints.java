package io.millrace.tracking.registry;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.mlflow.ProtoJson;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.registry.ModelVersions.Filter;
import io.millrace.tracking.registry.ModelVersions.Model;
import io.millrace.tracking.registry.ModelVersions.NewVersion;
import io.millrace.tracking.registry.ModelVersions.Position;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/** MLflow's calls about registered models and their versions. */
@MlflowApi
class RegistryEndpoints {

  private static final List<String> STAGES = List.of("None", "Staging", "Production", "Archived");
  private static final int LARGEST_MODEL_PAGE = 1000;
  private static final int LARGEST_VERSION_PAGE = 200_000;
  private static final int DEFAULT_VERSION_PAGE = 10_000;
  private static final int LONGEST_NAME = 256;

  /** The two equalities that clients need: `name = 'x'` and `run_id = 'y'`, joined by AND. */
  private static final Pattern EQUALITY =
      Pattern.compile("\\s*(name|run_id)\\s*=\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*");

  private final Database database;
  private final ModelVersions versions;
  private final RegistryEvents events;

  RegistryEndpoints(Database database, ModelVersions versions, RegistryEvents events) {
    this.database = database;
    this.versions = versions;
    this.events = events;
  }

  @ProtoJson
  record VersionMessage(
      String name,
      String version,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      String userId,
      String currentStage,
      String description,
      String source,
      String runId,
      String status,
      String runLink,
      List<Tag> tags,
      List<String> aliases) {

    static VersionMessage of(ModelVersion version) {
      return new VersionMessage(
          version.name(),
          Integer.toString(version.version()),
          version.created(),
          version.updated(),
          version.userId(),
          version.stage(),
          version.description(),
          version.source(),
          version.runId(),
          version.status(),
          version.runLink(),
          Tag.list(version.tags()),
          version.aliases());
    }
  }

  @ProtoJson
  record ModelMessage(
      String name,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      @Nullable String description,
      List<VersionMessage> latestVersions,
      List<Tag> tags) {

    static ModelMessage of(Model model, List<ModelVersion> latest) {
      return new ModelMessage(
          model.name(),
          model.created(),
          model.updated(),
          model.description().isEmpty() ? null : model.description(),
          latest.stream().map(VersionMessage::of).toList(),
          Tag.list(model.tags()));
    }
  }

  @ProtoJson
  record OneModel(ModelMessage registeredModel) {}

  @ProtoJson
  record Models(List<ModelMessage> registeredModels, @Nullable String nextPageToken) {}

  @ProtoJson
  record OneVersion(VersionMessage modelVersion) {}

  @ProtoJson
  record Versions(List<VersionMessage> modelVersions, @Nullable String nextPageToken) {}

  @PostMapping("/registered-models/create")
  OneModel createModel(MlflowMessage message) {
    String name = name(message);
    String description = message.textOrEmpty("description");
    TreeMap<String, String> tags = new TreeMap<>(Tag.read(message, "tags"));
    return database.inTransaction(
        tx -> {
          if (!versions.createModel(tx, name, description, tags)) {
            throw MlflowException.exists(
                "Registered Model (name=%s) already exists.".formatted(name));
          }
          return whole(tx, versions.model(tx, name));
        });
  }

  @GetMapping("/registered-models/get")
  OneModel model(MlflowMessage message) {
    String name = message.required("name");
    return database.read(tx -> whole(tx, versions.model(tx, name)));
  }

  @GetMapping("/registered-models/search")
  Models searchModels(MlflowMessage message) {
    refuse("filter", message.textOrEmpty("filter"));
    refuse("order_by", String.join(", ", message.texts("order_by")));
    int limit = limit(message, 100, LARGEST_MODEL_PAGE);
    String after = message.pageToken(1).map(token -> token.text(0)).orElse("");
    return database.read(
        tx -> {
          List<Model> rows = versions.models(tx, after, limit + 1);
          List<Model> page = rows.subList(0, Math.min(limit, rows.size()));
          return new Models(
              page.stream()
                  .map(model -> ModelMessage.of(model, versions.latest(tx, model.name(), STAGES)))
                  .toList(),
              rows.size() > limit ? PageToken.after(page.getLast().name()) : null);
        });
  }

  @RequestMapping(
      path = "/registered-models/get-latest-versions",
      method = {RequestMethod.GET, RequestMethod.POST})
  Versions latestVersions(MlflowMessage message) {
    String name = message.required("name");
    List<String> asked = message.texts("stages").stream().map(RegistryEndpoints::stage).toList();
    return database.read(
        tx -> {
          versions.model(tx, name);
          return new Versions(
              versions.latest(tx, name, asked.isEmpty() ? STAGES : asked).stream()
                  .map(VersionMessage::of)
                  .toList(),
              null);
        });
  }

  @PostMapping("/model-versions/create")
  OneVersion createVersion(MlflowMessage message) {
    String name = message.required("name");
    String source = ModelSource.checked(message.required("source"));
    TreeMap<String, String> tags = new TreeMap<>(Tag.read(message, "tags"));
    NewVersion wanted =
        new NewVersion(
            name,
            source,
            message.textOrEmpty("description"),
            message.textOrEmpty("run_id"),
            message.textOrEmpty("run_link"),
            "",
            null,
            null);
    return new OneVersion(
        VersionMessage.of(
            database.inTransaction(
                tx -> {
                  ModelVersion added = versions.add(tx, wanted);
                  versions.setTags(tx, name, added.version(), tags);
                  events.created(tx, added);
                  return versions.get(tx, name, added.version());
                })));
  }

  @GetMapping("/model-versions/get")
  OneVersion version(MlflowMessage message) {
    String name = message.required("name");
    int version = number(message);
    return new OneVersion(VersionMessage.of(database.read(tx -> versions.get(tx, name, version))));
  }

  @PatchMapping("/model-versions/update")
  OneVersion updateVersion(MlflowMessage message) {
    String name = message.required("name");
    int version = number(message);
    String description = message.textOrEmpty("description");
    return new OneVersion(
        VersionMessage.of(
            database.inTransaction(
                tx -> {
                  versions.describe(tx, name, version, description);
                  return versions.get(tx, name, version);
                })));
  }

  @GetMapping("/model-versions/search")
  Versions searchVersions(MlflowMessage message) {
    Filter filter = filter(message.textOrEmpty("filter"));
    refuse("order_by", String.join(", ", message.texts("order_by")));
    int limit = limit(message, DEFAULT_VERSION_PAGE, LARGEST_VERSION_PAGE);
    Position after =
        message
            .pageToken(3)
            .map(
                token ->
                    new Position(token.number(0), token.text(2), Math.toIntExact(token.number(1))))
            .orElse(Position.START);
    List<ModelVersion> rows = database.read(tx -> versions.search(tx, filter, after, limit + 1));
    List<ModelVersion> page = rows.subList(0, Math.min(limit, rows.size()));
    return new Versions(
        page.stream().map(VersionMessage::of).toList(),
        rows.size() > limit
            ? PageToken.after(
                page.getLast().updated(), page.getLast().version(), page.getLast().name())
            : null);
  }

  private OneModel whole(Tx tx, Model model) {
    return new OneModel(ModelMessage.of(model, versions.latest(tx, model.name(), STAGES)));
  }

  private static String name(MlflowMessage message) {
    String name = Names.limited(message.required("name"), "name", LONGEST_NAME);
    if (name.isBlank()) {
      throw message.missing("name");
    }
    if (name.indexOf('/') >= 0 || name.indexOf(':') >= 0) {
      throw MlflowException.invalid(
          "Invalid model name '%s'. Names cannot contain '/' or ':'.".formatted(name));
    }
    return name;
  }

  private static int number(MlflowMessage message) {
    String version = message.required("version");
    try {
      return Integer.parseInt(version);
    } catch (NumberFormatException notWhole) {
      throw MlflowException.invalid(
          "Parameter 'version' must be an integer, got '%s'.".formatted(version));
    }
  }

  private static String stage(String given) {
    return STAGES.stream()
        .filter(stage -> stage.equalsIgnoreCase(given))
        .findFirst()
        .orElseThrow(
            () ->
                MlflowException.invalid(
                    "Invalid Model Version stage: %s. Value must be one of %s."
                        .formatted(given, String.join(", ", STAGES))));
  }

  private static int limit(MlflowMessage message, int usual, int most) {
    long limit = message.int64("max_results").orElse((long) usual);
    if (limit < 1 || limit > most) {
      throw message.outOfRange("max_results");
    }
    return (int) Math.min(limit, DEFAULT_VERSION_PAGE);
  }

  private static void refuse(String what, String given) {
    if (!given.isBlank()) {
      throw MlflowException.invalid(
          "Invalid clause(s) in %s string: '%s'. This server does not take one here; leave it out."
              .formatted(what, given));
    }
  }

  private static Filter filter(String filter) {
    if (filter.isBlank()) {
      return new Filter(null, null);
    }
    String name = null;
    String runId = null;
    for (String clause : filter.split("(?i)\\sand\\s")) {
      Matcher matcher = EQUALITY.matcher(clause);
      if (!matcher.matches()) {
        throw MlflowException.invalid(
            "Invalid clause(s) in filter string: '%s'. This server filters by name = '...' and run_id = '...' only."
                .formatted(clause.strip()));
      }
      String value = matcher.group(2) == null ? matcher.group(3) : matcher.group(2);
      if ("name".equals(matcher.group(1))) {
        name = value;
      } else {
        runId = value;
      }
    }
    return new Filter(name, runId);
  }
}
