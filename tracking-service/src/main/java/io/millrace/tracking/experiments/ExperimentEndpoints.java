package io.millrace.tracking.experiments;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.tracking.idempotency.Idempotency;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.mlflow.ProtoJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/** MLflow's calls about experiments. */
@MlflowApi
class ExperimentEndpoints {

  private static final int LONGEST_NAME = 500;
  private static final int LONGEST_TAG_VALUE = 5000;
  private static final int LONGEST_LOCATION = 2048;
  private static final int LARGEST_PAGE = 50_000;
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  private final Database database;
  private final Experiments experiments;
  private final Idempotency idempotency;

  ExperimentEndpoints(Database database, Experiments experiments, Idempotency idempotency) {
    this.database = database;
    this.experiments = experiments;
    this.idempotency = idempotency;
  }

  @ProtoJson
  record ExperimentMessage(
      String experimentId,
      String name,
      String artifactLocation,
      String lifecycleStage,
      long lastUpdateTime,
      long creationTime,
      List<Tag> tags) {

    static ExperimentMessage of(Experiment experiment) {
      return new ExperimentMessage(
          experiment.id().toString(),
          experiment.name(),
          experiment.artifactLocation(),
          experiment.stage().text(),
          experiment.updated(),
          experiment.created(),
          Tag.list(experiment.tags()));
    }
  }

  @ProtoJson
  record Created(String experimentId) {}

  @ProtoJson
  record One(ExperimentMessage experiment) {}

  @ProtoJson
  record Found(List<ExperimentMessage> experiments, @Nullable String nextPageToken) {}

  @PostMapping("/experiments/create")
  ResponseEntity<byte[]> create(MlflowMessage message, ServerHttpRequest request) {
    String name = Names.limited(message.required("name"), "name", LONGEST_NAME);
    String location =
        message
            .text("artifact_location")
            .filter(text -> !text.isBlank())
            .map(ExperimentEndpoints::location)
            .orElse(null);
    Map<String, String> tags = Tag.read(message, "tags");
    tags.values().forEach(value -> Names.limited(value, "value", LONGEST_TAG_VALUE));
    return idempotency.once(
        request,
        message,
        tx ->
            new Created(
                experiments.create(tx, name, location, tags, Change.of(request)).id().toString()));
  }

  @GetMapping("/experiments/get")
  One get(MlflowMessage message) {
    ExperimentId id = id(message);
    return new One(ExperimentMessage.of(database.read(tx -> experiments.get(tx, id))));
  }

  @GetMapping("/experiments/get-by-name")
  One getByName(MlflowMessage message) {
    String name = message.required("experiment_name");
    return new One(
        ExperimentMessage.of(
            database
                .read(tx -> experiments.find(tx, name))
                .orElseThrow(
                    () ->
                        MlflowException.missing(
                            "Could not find experiment with name '%s'".formatted(name)))));
  }

  @RequestMapping(
      path = "/experiments/search",
      method = {RequestMethod.GET, RequestMethod.POST})
  Found search(MlflowMessage message) {
    long most = message.int64("max_results").orElse(0L);
    if (most < 1) {
      throw MlflowException.invalid(
          "Invalid value %d for parameter 'max_results' supplied. It must be a positive integer"
              .formatted(most));
    }
    if (most > LARGEST_PAGE) {
      throw message.outOfRange("max_results");
    }
    ViewType view = message.constant("view_type", ViewType.class).orElse(ViewType.ACTIVE_ONLY);
    ExperimentSearch search =
        new ExperimentSearch(view, message.textOrEmpty("filter"), message.texts("order_by"));
    List<@Nullable Object> after = search.place(message.textOrEmpty("page_token"));
    int limit = (int) most;
    List<ExperimentSearch.Hit> hits = database.read(tx -> search.find(tx, after, limit + 1));
    List<ExperimentSearch.Hit> page = hits.subList(0, Math.min(limit, hits.size()));
    return new Found(
        page.stream().map(hit -> ExperimentMessage.of(hit.experiment())).toList(),
        hits.size() > limit ? search.token(page.getLast()) : null);
  }

  @PostMapping("/experiments/update")
  Map<String, String> update(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId id = id(message);
    String name = Names.limited(message.required("new_name"), "name", LONGEST_NAME);
    database.inTransactionVoid(tx -> experiments.rename(tx, id, name, Change.of(request)));
    return Map.of();
  }

  @PostMapping("/experiments/delete")
  Map<String, String> delete(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId id = id(message);
    database.inTransactionVoid(tx -> experiments.delete(tx, id, Change.of(request)));
    return Map.of();
  }

  @PostMapping("/experiments/restore")
  Map<String, String> restore(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId id = id(message);
    database.inTransactionVoid(tx -> experiments.restore(tx, id, Change.of(request)));
    return Map.of();
  }

  @PostMapping("/experiments/set-experiment-tag")
  Map<String, String> setTag(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId id = id(message);
    String key = Names.key(message.required("key"), "key");
    String value = Names.limited(message.textOrEmpty("value"), "value", LONGEST_TAG_VALUE);
    database.inTransactionVoid(
        tx -> {
          experiments.get(tx, id).requireActive();
          experiments.setTag(tx, id, key, value, Change.of(request));
        });
    return Map.of();
  }

  @PostMapping("/experiments/delete-experiment-tag")
  Map<String, String> deleteTag(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId id = id(message);
    String key = message.required("key");
    database.inTransactionVoid(
        tx -> {
          experiments.get(tx, id).requireActive();
          experiments.deleteTag(tx, id, key, Change.of(request));
        });
    return Map.of();
  }

  private static ExperimentId id(MlflowMessage message) {
    return ExperimentId.parse(message.required("experiment_id"));
  }

  /** A local path is the client's to use, so it must not depend on where the client stands. */
  private static String location(String given) {
    requireLocation(given);
    if (SCHEME.matcher(given).lookingAt() || given.startsWith("/")) {
      return given;
    }
    return Path.of(given).toAbsolutePath().normalize().toString();
  }

  private static void requireLocation(String location) {
    Names.limited(location, "artifact_location", LONGEST_LOCATION);
    int query = location.indexOf('?');
    String path = query < 0 ? location : location.substring(0, query);
    if (location.indexOf('#') >= 0 || path.indexOf(';') >= 0) {
      throw MlflowException.invalid("'artifact_location' URL can't include fragments or params.");
    }
    if ((query >= 0 && location.indexOf("..", query) >= 0) || location.startsWith("runs:/")) {
      throw MlflowException.invalid("Invalid artifact location: " + location);
    }
  }
}
