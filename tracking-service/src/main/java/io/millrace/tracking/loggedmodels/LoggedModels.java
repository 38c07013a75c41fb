package io.millrace.tracking.loggedmodels;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** The store of logged models. */
@Component
public class LoggedModels {

  private final Clock clock;

  LoggedModels(Clock clock) {
    this.clock = clock;
  }

  /** A model with everything that was logged to it. */
  record Details(LoggedModel model, List<Tag> params, List<Tag> tags, List<ModelMetric> metrics) {}

  void create(
      Tx tx, LoggedModel model, SortedMap<String, String> params, SortedMap<String, String> tags) {
    tx.update(
        """
        insert into logged_models (model_id, experiment_id, name, artifact_uri, status, model_type,
                                   source_run_id, creation_time, last_update_time)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        model.id().value(),
        model.experimentId().value(),
        model.name(),
        model.artifactUri(),
        model.status().name(),
        model.modelType(),
        model.sourceRunId(),
        model.created(),
        model.updated());
    addParams(tx, model.id(), params);
    setTags(tx, model.id(), tags);
  }

  /**
   * The model of that id.
   *
   * @param deletedToo whether one that was deleted counts as there
   */
  public LoggedModel get(Tx tx, LoggedModelId id, boolean deletedToo) {
    return tx.queryOne(
            "select * from logged_models where model_id = $1", LoggedModels::model, id.value())
        .filter(model -> deletedToo || model.stage() == LifecycleStage.ACTIVE)
        .orElseThrow(() -> missing(id.value()));
  }

  /** The model of that id, which nobody changes or deletes until the end of the transaction. */
  LoggedModel getForUpdate(Tx tx, LoggedModelId id) {
    return tx.queryOne(
            "select * from logged_models where model_id = $1 for no key update",
            LoggedModels::model,
            id.value())
        .filter(model -> model.stage() == LifecycleStage.ACTIVE)
        .orElseThrow(() -> missing(id.value()));
  }

  void setStatus(Tx tx, LoggedModelId id, LoggedModelStatus status) {
    tx.update(
        "update logged_models set status = $2, last_update_time = $3 where model_id = $1",
        id.value(),
        status.name(),
        clock.millis());
  }

  void delete(Tx tx, LoggedModelId id) {
    tx.update(
        """
        update logged_models set lifecycle_stage = 'deleted', last_update_time = $2
        where model_id = $1
        """,
        id.value(),
        clock.millis());
  }

  /** Logs parameters, each of which can be given once; returns those that the model had not. */
  SortedMap<String, String> addParams(Tx tx, LoggedModelId id, SortedMap<String, String> params) {
    if (params.isEmpty()) {
      return params;
    }
    String[] keys = params.keySet().toArray(String[]::new);
    List<String> added =
        tx.query(
            """
            insert into logged_model_params (model_id, key, value)
            select $1, key, value from unnest($2::text[], $3::text[]) as p (key, value) order by key
            on conflict do nothing returning key
            """,
            row -> row.string("key"),
            id.value(),
            keys,
            params.values().toArray(String[]::new));
    tx
        .query(
            """
            select key, value from logged_model_params
            where model_id = $1 and key = any($2::text[]) order by key
            """,
            row -> new Tag(row.string("key"), row.string("value")),
            id.value(),
            keys)
        .stream()
        .filter(kept -> !kept.value().equals(params.get(kept.key())))
        .findFirst()
        .ifPresent(
            kept -> {
              throw MlflowException.invalid(
                  "Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for model ID='%s'. Attempted logging new value '%s'."
                      .formatted(kept.key(), kept.value(), id, params.get(kept.key())));
            });
    return some(params, added);
  }

  /** Sets tags; returns those that had another value, or none. */
  SortedMap<String, String> setTags(Tx tx, LoggedModelId id, SortedMap<String, String> tags) {
    if (tags.isEmpty()) {
      return tags;
    }
    return some(
        tags,
        tx.query(
            """
            insert into logged_model_tags as old (model_id, key, value)
            select $1, key, value from unnest($2::text[], $3::text[]) as t (key, value) order by key
            on conflict (model_id, key) do update set value = excluded.value
              where old.value <> excluded.value
            returning key
            """,
            row -> row.string("key"),
            id.value(),
            tags.keySet().toArray(String[]::new),
            tags.values().toArray(String[]::new)));
  }

  private static SortedMap<String, String> some(SortedMap<String, String> all, List<String> keys) {
    SortedMap<String, String> some = new TreeMap<>(all);
    some.keySet().retainAll(Set.copyOf(keys));
    return some;
  }

  void deleteTag(Tx tx, LoggedModelId id, String key) {
    if (tx.update("delete from logged_model_tags where model_id = $1 and key = $2", id.value(), key)
        == 0) {
      throw MlflowException.missing(
          "No tag with key '%s' found for model with ID '%s'.".formatted(key, id));
    }
  }

  /**
   * Stores points; those that are there already are left out.
   *
   * @return those that were not there
   * @throws MlflowException RESOURCE_DOES_NOT_EXIST where a model is not there
   */
  public List<ModelMetric> addMetrics(Tx tx, List<ModelMetric> points) {
    if (points.isEmpty()) {
      return points;
    }
    Set<String> known =
        new HashSet<>(
            tx.query(
                """
                select model_id from logged_models
                where model_id = any($1::text[]) and lifecycle_stage = 'active'
                order by model_id for share
                """,
                row -> row.string("model_id"),
                (Object)
                    points.stream().map(ModelMetric::modelId).distinct().toArray(String[]::new)));
    for (ModelMetric point : points) {
      if (!known.contains(point.modelId())) {
        throw missing(point.modelId());
      }
    }
    return tx.query(
        """
        insert into logged_model_metrics
          (model_id, key, timestamp_ms, step, value, run_id, dataset_name, dataset_digest)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::float8[],
                             $6::text[], $7::text[], $8::text[])
        order by 1, 2, 3, 4, 6, 5
        on conflict do nothing returning *
        """,
        LoggedModels::metric,
        points.stream().map(ModelMetric::modelId).toArray(String[]::new),
        points.stream().map(ModelMetric::key).toArray(String[]::new),
        points.stream().map(ModelMetric::timestamp).toArray(Long[]::new),
        points.stream().map(ModelMetric::step).toArray(Long[]::new),
        points.stream().map(ModelMetric::value).toArray(Double[]::new),
        points.stream().map(ModelMetric::runId).toArray(String[]::new),
        points.stream()
            .map(point -> point.datasetName() == null ? "" : point.datasetName())
            .toArray(String[]::new),
        points.stream()
            .map(point -> point.datasetDigest() == null ? "" : point.datasetDigest())
            .toArray(String[]::new));
  }

  /** Adds to each model what was logged to it, in the order given. */
  List<Details> details(Tx tx, List<LoggedModel> models) {
    if (models.isEmpty()) {
      return List.of();
    }
    String[] ids = models.stream().map(model -> model.id().value()).toArray(String[]::new);
    Map<String, List<Tag>> params = pairs(tx, "logged_model_params", ids);
    Map<String, List<Tag>> tags = pairs(tx, "logged_model_tags", ids);
    Map<String, List<ModelMetric>> metrics = new HashMap<>();
    tx.query(
            """
            select * from logged_model_metrics where model_id = any($1::text[])
            order by model_id, key, timestamp_ms, step, value, dataset_name, dataset_digest, run_id
            """,
            LoggedModels::metric,
            (Object) ids)
        .forEach(
            metric ->
                metrics.computeIfAbsent(metric.modelId(), id -> new ArrayList<>()).add(metric));
    return models.stream()
        .map(
            model ->
                new Details(
                    model,
                    params.getOrDefault(model.id().value(), List.of()),
                    tags.getOrDefault(model.id().value(), List.of()),
                    metrics.getOrDefault(model.id().value(), List.of())))
        .toList();
  }

  static LoggedModel model(Row row) {
    return new LoggedModel(
        new LoggedModelId(row.string("model_id")),
        new ExperimentId(row.int8("experiment_id")),
        row.string("name"),
        row.string("artifact_uri"),
        LoggedModelStatus.valueOf(row.string("status")),
        row.string("model_type"),
        row.string("source_run_id"),
        row.int8("creation_time"),
        row.int8("last_update_time"),
        LifecycleStage.of(row.string("lifecycle_stage")));
  }

  private static ModelMetric metric(Row row) {
    String name = row.string("dataset_name");
    String digest = row.string("dataset_digest");
    return new ModelMetric(
        row.string("key"),
        row.float8("value"),
        row.int8("timestamp_ms"),
        row.int8("step"),
        name.isEmpty() ? null : name,
        digest.isEmpty() ? null : digest,
        row.string("model_id"),
        row.string("run_id"));
  }

  private static Map<String, List<Tag>> pairs(Tx tx, String table, String[] ids) {
    Map<String, List<Tag>> pairs = new TreeMap<>();
    tx.query(
            "select model_id, key, value from "
                + table
                + " where model_id = any($1::text[]) order by model_id, key collate \"C\"",
            row ->
                Map.entry(row.string("model_id"), new Tag(row.string("key"), row.string("value"))),
            (Object) ids)
        .forEach(
            pair ->
                pairs.computeIfAbsent(pair.getKey(), id -> new ArrayList<>()).add(pair.getValue()));
    return pairs;
  }

  private static MlflowException missing(String id) {
    return MlflowException.missing("Logged model with ID '%s' not found.".formatted(id));
  }
}
