package io.millrace.tracking.loggedmodels;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.tracking.experiments.Experiment;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.Experiments;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.runs.RunLimits;
import io.millrace.tracking.runs.RunNames;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's calls about logged models, without their search. */
@MlflowApi
class LoggedModelEndpoints {

  private static final int LONGEST_NAME = 500;
  private static final int LONGEST_TYPE = 500;

  private final Database database;
  private final Experiments experiments;
  private final LoggedModels models;
  private final LoggedModelEvents events;
  private final RunLimits limits;
  private final Clock clock;

  LoggedModelEndpoints(
      Database database,
      Experiments experiments,
      LoggedModels models,
      LoggedModelEvents events,
      RunLimits limits,
      Clock clock) {
    this.database = database;
    this.experiments = experiments;
    this.models = models;
    this.events = events;
    this.limits = limits;
    this.clock = clock;
  }

  @PostMapping("/logged-models")
  LoggedModelMessages.One create(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId experimentId = ExperimentId.parse(message.required("experiment_id"));
    String name =
        message
            .text("name")
            .filter(text -> !text.isEmpty())
            .map(LoggedModelEndpoints::name)
            .orElseGet(RunNames::random);
    String type = Names.limited(message.textOrEmpty("model_type"), "model_type", LONGEST_TYPE);
    String run = Names.limited(message.textOrEmpty("source_run_id"), "source_run_id", LONGEST_TYPE);
    SortedMap<String, String> params = params(message);
    SortedMap<String, String> tags = tags(message);
    LoggedModelId id = LoggedModelId.random();
    return database.inTransaction(
        tx -> {
          Experiment experiment = experiments.getForUse(tx, experimentId);
          experiment.requireActive();
          long now = clock.millis();
          LoggedModel model =
              new LoggedModel(
                  id,
                  experimentId,
                  name,
                  experiment.artifactUri("models/" + id),
                  LoggedModelStatus.LOGGED_MODEL_PENDING,
                  type,
                  run,
                  now,
                  now,
                  LifecycleStage.ACTIVE);
          models.create(tx, model, params, tags);
          events.created(tx, model, params, tags, Change.of(request));
          return LoggedModelMessages.One.of(models.details(tx, List.of(model)).getFirst());
        });
  }

  @GetMapping("/logged-models/{id}")
  LoggedModelMessages.One get(@PathVariable String id, MlflowMessage message) {
    boolean deletedToo = message.flag("allow_deleted");
    return LoggedModelMessages.One.of(
        database.read(
            tx ->
                models
                    .details(tx, List.of(models.get(tx, new LoggedModelId(id), deletedToo)))
                    .getFirst()));
  }

  @PatchMapping("/logged-models/{id}")
  LoggedModelMessages.One complete(
      @PathVariable String id, MlflowMessage message, ServerHttpRequest request) {
    LoggedModelId model = named(id, message);
    LoggedModelStatus status =
        message
            .constant("status", LoggedModelStatus.class)
            .orElseThrow(() -> message.missing("status"));
    return database.inTransaction(
        tx -> {
          LoggedModel before = models.getForUpdate(tx, model);
          models.setStatus(tx, model, status);
          events.updated(tx, before, status, Change.of(request));
          return LoggedModelMessages.One.of(
              models.details(tx, List.of(models.get(tx, model, false))).getFirst());
        });
  }

  @DeleteMapping("/logged-models/{id}")
  Map<String, String> delete(@PathVariable String id, ServerHttpRequest request) {
    LoggedModelId model = new LoggedModelId(id);
    database.inTransactionVoid(
        tx -> {
          LoggedModel deleted = models.getForUpdate(tx, model);
          models.delete(tx, model);
          events.deleted(tx, deleted, Change.of(request));
        });
    return Map.of();
  }

  @PatchMapping("/logged-models/{id}/tags")
  Map<String, String> setTags(
      @PathVariable String id, MlflowMessage message, ServerHttpRequest request) {
    LoggedModelId model = new LoggedModelId(id);
    SortedMap<String, String> tags = tags(message);
    database.inTransactionVoid(
        tx -> {
          LoggedModel tagged = models.getForUpdate(tx, model);
          events.tagged(tx, tagged, models.setTags(tx, model, tags), Change.of(request));
        });
    return Map.of();
  }

  @DeleteMapping("/logged-models/{id}/tags/{key}")
  Map<String, String> deleteTag(
      @PathVariable String id, @PathVariable String key, ServerHttpRequest request) {
    LoggedModelId model = new LoggedModelId(id);
    database.inTransactionVoid(
        tx -> {
          LoggedModel tagged = models.getForUpdate(tx, model);
          models.deleteTag(tx, model, key);
          events.untagged(tx, tagged, key, Change.of(request));
        });
    return Map.of();
  }

  @PostMapping("/logged-models/{id}/params")
  Map<String, String> logParams(@PathVariable String id, MlflowMessage message) {
    LoggedModelId model = named(id, message);
    SortedMap<String, String> params = params(message);
    database.inTransactionVoid(
        tx -> {
          LoggedModel logged = models.getForUpdate(tx, model);
          events.paramsLogged(tx, logged, models.addParams(tx, model, params));
        });
    return Map.of();
  }

  /** Some calls say in the body again which model they are about. */
  private static LoggedModelId named(String id, MlflowMessage message) {
    String again = message.required("model_id");
    if (!again.equals(id)) {
      throw MlflowException.invalid(
          "The path is about model '%s' and the body about model '%s'.".formatted(id, again));
    }
    return new LoggedModelId(id);
  }

  private static String name(String name) {
    if (name.isBlank() || name.chars().anyMatch(c -> "/:.%\"'".indexOf(c) >= 0)) {
      throw MlflowException.invalid(
          "Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%%', '\"', \"'\")"
              .formatted(name));
    }
    return Names.limited(name, "name", LONGEST_NAME);
  }

  private SortedMap<String, String> params(MlflowMessage message) {
    SortedMap<String, String> params = new TreeMap<>();
    Tag.read(message, "params").forEach((key, value) -> params.put(key, limits.paramValue(value)));
    return params;
  }

  private SortedMap<String, String> tags(MlflowMessage message) {
    SortedMap<String, String> tags = new TreeMap<>();
    Tag.read(message, "tags").forEach((key, value) -> tags.put(key, limits.tagValue(value)));
    return tags;
  }
}
