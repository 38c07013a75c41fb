package io.millrace.tracking.runs;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.MlflowException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * The store of runs. Keys are written in sorted order, so that two writers wait and never block
 * each other for good.
 */
@Component
public class Runs {

  /** The tag that is also the run's name. */
  static final String NAME_TAG = "mlflow.runName";

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final TypeReference<List<Tag>> TAGS = new TypeReference<>() {};

  private final Heartbeats heartbeats;

  Runs(Heartbeats heartbeats) {
    this.heartbeats = heartbeats;
  }

  /** Stores a new run with its tags, of which {@code mlflow.runName} is always one. */
  public void create(Tx tx, Run run, Map<String, String> tags) {
    tx.update(
        """
        insert into runs (run_id, experiment_id, name, user_id, status, start_time, end_time,
                          artifact_uri, lifecycle_stage, request_id)
        values ($1, $2, $3, $4, $5, $6, $7::bigint, $8, $9, $10::text)
        """,
        run.id().value(),
        run.experimentId().value(),
        run.name(),
        run.userId(),
        run.status().name(),
        run.startTime(),
        run.endTime(),
        run.artifactUri(),
        run.stage().text(),
        run.requestId());
    SortedMap<String, String> all = new TreeMap<>(tags);
    all.put(NAME_TAG, run.name());
    setTags(tx, run.id(), all);
  }

  /** The run of that id, deleted ones too. */
  public Run get(Tx tx, RunId id) {
    return tx.queryOne("select * from runs where run_id = $1", Runs::run, id.value())
        .orElseThrow(() -> MlflowException.missing("Run with id=%s not found".formatted(id)));
  }

  /** The run of that id, which nobody else changes until the end of the transaction. */
  public Run getForUpdate(Tx tx, RunId id) {
    return tx.queryOne(
            "select * from runs where run_id = $1 for no key update", Runs::run, id.value())
        .orElseThrow(() -> MlflowException.missing("Run with id=%s not found".formatted(id)));
  }

  /** Stores the changed status, end time and name of a run. */
  void update(Tx tx, Run run) {
    tx.update(
        "update runs set status = $2, end_time = $3::bigint, name = $4 where run_id = $1",
        run.id().value(),
        run.status().name(),
        run.endTime(),
        run.name());
  }

  /** A run begins; its start time is that of the first attempt. */
  public void begin(Tx tx, RunId id, long startTime) {
    tx.update(
        """
        update runs set status = 'RUNNING', end_time = null,
          start_time = case when status = 'SCHEDULED' then $2 else start_time end
        where run_id = $1
        """,
        id.value(),
        startTime);
  }

  /** A run ends. */
  public void end(Tx tx, RunId id, RunStatus status, long endTime) {
    tx.update(
        "update runs set status = $2, end_time = $3 where run_id = $1",
        id.value(),
        status.name(),
        endTime);
  }

  /** The run, where that moved it; empty where it is there already. */
  Optional<Run> move(Tx tx, RunId id, LifecycleStage stage) {
    Optional<Run> moved =
        tx.queryOne(
            """
            update runs set lifecycle_stage = $2 where run_id = $1 and lifecycle_stage <> $2
            returning *
            """,
            Runs::run,
            id.value(),
            stage.text());
    if (moved.isEmpty()) {
      get(tx, id);
    }
    return moved;
  }

  /**
   * What became of parameters.
   *
   * @param added those the run did not have
   * @param differing those that have another value already, with that value
   */
  public record Params(SortedMap<String, String> added, SortedMap<String, String> differing) {}

  /**
   * Logs parameters; each can be given once.
   *
   * @return where some differ, the others are not stored only if the caller rolls back
   */
  public Params addParams(Tx tx, RunId id, SortedMap<String, String> params) {
    if (params.isEmpty()) {
      return new Params(params, new TreeMap<>());
    }
    heartbeats.heard(tx, id);
    String[] keys = params.keySet().toArray(String[]::new);
    SortedMap<String, String> added =
        some(
            params,
            tx.query(
                """
                insert into run_params (run_id, experiment_id, key, value)
                select r.run_id, r.experiment_id, p.key, p.value
                from runs r, unnest($2::text[], $3::text[]) as p (key, value)
                where r.run_id = $1 order by p.key
                on conflict do nothing returning key
                """,
                row -> row.string("key"),
                id.value(),
                keys,
                params.values().toArray(String[]::new)));
    SortedMap<String, String> differing = new TreeMap<>();
    if (added.size() < keys.length) {
      tx
          .query(
              "select key, value from run_params where run_id = $1 and key = any($2::text[])",
              row -> Map.entry(row.string("key"), row.string("value")),
              id.value(),
              keys)
          .stream()
          .filter(old -> !old.getValue().equals(params.get(old.getKey())))
          .forEach(old -> differing.put(old.getKey(), old.getValue()));
    }
    return new Params(added, differing);
  }

  private static SortedMap<String, String> some(
      SortedMap<String, String> all, Collection<String> keys) {
    SortedMap<String, String> some = new TreeMap<>(all);
    some.keySet().retainAll(Set.copyOf(keys));
    return some;
  }

  /**
   * Sets tags; {@code mlflow.runName} renames the run.
   *
   * @return those that had another value, or none
   */
  public SortedMap<String, String> setTags(Tx tx, RunId id, SortedMap<String, String> tags) {
    if (tags.isEmpty()) {
      return tags;
    }
    SortedMap<String, String> changed = storeTags(tx, id, tags);
    String name = tags.get(NAME_TAG);
    if (name != null) {
      tx.update("update runs set name = $2 where run_id = $1 and name <> $2", id.value(), name);
    }
    String promise = tags.get(Heartbeats.TAG);
    if (promise != null) {
      heartbeats.promise(tx, id, promise);
    }
    heartbeats.heard(tx, id);
    return changed;
  }

  static SortedMap<String, String> storeTags(Tx tx, RunId id, SortedMap<String, String> tags) {
    return some(
        tags,
        tx.query(
            """
            insert into run_tags as old (run_id, experiment_id, key, value)
            select r.run_id, r.experiment_id, t.key, t.value
            from runs r, unnest($2::text[], $3::text[]) as t (key, value)
            where r.run_id = $1 order by t.key
            on conflict (run_id, key) do update set value = excluded.value
              where old.value <> excluded.value
            returning key
            """,
            row -> row.string("key"),
            id.value(),
            tags.keySet().toArray(String[]::new),
            tags.values().toArray(String[]::new)));
  }

  /** The value of a tag. */
  Optional<String> tag(Tx tx, RunId id, String key) {
    return tx.queryOne(
        "select value from run_tags where run_id = $1 and key = $2",
        row -> row.string("value"),
        id.value(),
        key);
  }

  void deleteTag(Tx tx, RunId id, String key) {
    if (tx.update("delete from run_tags where run_id = $1 and key = $2", id.value(), key) == 0) {
      throw MlflowException.missing("No tag with name: %s in run with id %s".formatted(key, id));
    }
    if (key.equals(Heartbeats.TAG)) {
      heartbeats.release(tx, id);
    }
  }

  /**
   * Notes what data a run reads; noting the same again changes nothing. A dataset of an experiment
   * keeps the description that came first.
   *
   * @return whether it was not noted before
   */
  public boolean addInput(Tx tx, RunId id, DatasetInput input) {
    tx.update(
        """
        insert into experiment_datasets
          (experiment_id, name, digest, source_type, source, schema, profile)
        select experiment_id, $2, $3, $4, $5, $6::text, $7::text from runs where run_id = $1
        on conflict do nothing
        """,
        id.value(),
        input.name(),
        input.digest(),
        input.sourceType(),
        input.source(),
        input.schema(),
        input.profile());
    return tx.update(
            """
            insert into run_datasets (run_id, name, digest, tags) values ($1, $2, $3, $4::jsonb)
            on conflict do nothing
            """,
            id.value(),
            input.name(),
            input.digest(),
            JSON.writeValueAsString(input.tags()))
        == 1;
  }

  /** Notes that a run reads a logged model; returns whether that was not noted before. */
  boolean addModelInput(Tx tx, RunId id, String modelId) {
    return addModel(tx, id, "input", modelId, 0);
  }

  /**
   * Notes that a run made a logged model; of a repeated one the last step counts. Returns whether
   * that was not noted before, or with another step.
   */
  boolean addModelOutput(Tx tx, RunId id, ModelOutput output) {
    return addModel(tx, id, "output", output.modelId(), output.step());
  }

  private static boolean addModel(Tx tx, RunId id, String role, String modelId, long step) {
    return tx.update(
            """
            insert into run_models as old (run_id, role, model_id, step) values ($1, $2, $3, $4)
            on conflict (run_id, role, model_id) do update set step = excluded.step
              where old.step <> excluded.step
            """,
            id.value(),
            role,
            modelId,
            step)
        == 1;
  }

  /** The datasets that runs of the experiments read, each with each of its contexts once. */
  List<Read> datasets(Tx tx, Collection<ExperimentId> experiments, int limit) {
    return tx.query(
        """
        select distinct r.experiment_id, d.name, d.digest, t.tag ->> 'value' as context
        from run_datasets d
          join runs r using (run_id)
          left join lateral jsonb_array_elements(d.tags) t (tag)
            on t.tag ->> 'key' = 'mlflow.data.context'
        where r.experiment_id = any($1::bigint[])
        order by r.experiment_id, d.name, d.digest, context limit $2
        """,
        row ->
            new Read(
                new ExperimentId(row.int8("experiment_id")),
                row.string("name"),
                row.string("digest"),
                row.stringOrNull("context")),
        experiments.stream().map(ExperimentId::value).toArray(Long[]::new),
        limit);
  }

  /** A dataset as runs of an experiment read it. */
  record Read(ExperimentId experiment, String name, String digest, @Nullable String context) {}

  /** Place in a list that is ordered by start time. */
  record Position(long startTime, String runId) {}

  /** Active runs of all experiments, newest first, with the experiment's name. */
  List<Listed> newest(Tx tx, Optional<Position> after, int limit) {
    Position from = after.orElse(new Position(Long.MAX_VALUE, ""));
    return tx.query(
        """
        select r.*, e.name as experiment_name
        from runs r join experiments e using (experiment_id)
        where r.lifecycle_stage = 'active'
          and (r.start_time < $1 or (r.start_time = $1 and r.run_id > $2))
        order by r.start_time desc, r.run_id limit $3
        """,
        row -> new Listed(run(row), row.string("experiment_name")),
        from.startTime(),
        from.runId(),
        limit);
  }

  /** A run with the name of its experiment. */
  record Listed(Run run, String experiment) {}

  /** Adds to each run what was logged to it, in the order given. */
  List<RunDetails> details(Tx tx, List<Run> runs) {
    if (runs.isEmpty()) {
      return List.of();
    }
    String[] ids = runs.stream().map(run -> run.id().value()).toArray(String[]::new);
    Map<String, Logged> logged =
        tx.query(LOGGED, Runs::logged, (Object) ids).stream()
            .collect(Collectors.toMap(Logged::runId, Function.identity()));
    Map<String, List<DatasetInput>> inputs =
        logged.values().stream().noneMatch(Logged::readsData)
            ? Map.of()
            : grouped(
                tx.query(
                    """
                select d.run_id, d.tags, e.*
                from run_datasets d
                  join runs r using (run_id)
                  join experiment_datasets e on e.experiment_id = r.experiment_id
                    and e.name = d.name and e.digest = d.digest
                where d.run_id = any($1::text[]) order by e.name, e.digest
                """,
                    row -> Map.entry(row.string("run_id"), input(row)),
                    (Object) ids));
    boolean models = logged.values().stream().anyMatch(Logged::hasModels);
    Map<String, List<ModelOutput>> modelInputs = models ? models(tx, "input", ids) : Map.of();
    Map<String, List<ModelOutput>> modelOutputs = models ? models(tx, "output", ids) : Map.of();
    List<RunDetails> details = new ArrayList<>();
    for (Run run : runs) {
      String id = run.id().value();
      Logged own = logged.get(id);
      if (own == null) {
        throw new IllegalStateException("no answer for run " + id);
      }
      details.add(
          new RunDetails(
              run,
              own.metrics(),
              own.params(),
              own.tags(),
              inputs.getOrDefault(id, List.of()),
              modelInputs.getOrDefault(id, List.of()).stream().map(ModelOutput::modelId).toList(),
              modelOutputs.getOrDefault(id, List.of())));
    }
    return details;
  }

  private static Map<String, List<ModelOutput>> models(Tx tx, String role, String[] ids) {
    return grouped(
        tx.query(
            """
            select run_id, model_id, step from run_models
            where run_id = any($1::text[]) and role = $2 order by run_id, step, model_id
            """,
            row ->
                Map.entry(
                    row.string("run_id"),
                    new ModelOutput(row.string("model_id"), row.int8("step"))),
            ids,
            role));
  }

  /** What a run has, as arrays: a page of runs is one answer of few rows. */
  private static final String LOGGED =
      """
      select x.run_id, m.*, p.*, t.*,
        exists (select 1 from run_datasets d where d.run_id = x.run_id) as reads_data,
        exists (select 1 from run_models o where o.run_id = x.run_id) as has_models
      from unnest($1::text[]) x (run_id)
        cross join lateral (
          select array_agg(key order by key) as metric_keys, array_agg(value order by key) as metric_values,
            array_agg(timestamp_ms order by key) as times, array_agg(step order by key) as steps
          from latest_metrics where run_id = x.run_id) m
        cross join lateral (
          select array_agg(key) as param_keys, array_agg(value) as param_values
          from run_params where run_id = x.run_id) p
        cross join lateral (
          select array_agg(key) as tag_keys, array_agg(value) as tag_values
          from run_tags where run_id = x.run_id) t
      """;

  private record Logged(
      String runId,
      List<Metric> metrics,
      SortedMap<String, String> params,
      SortedMap<String, String> tags,
      boolean readsData,
      boolean hasModels) {}

  private static Logged logged(Row row) {
    return new Logged(
        row.string("run_id"),
        metrics(row),
        texts(row, "param"),
        texts(row, "tag"),
        row.bool("reads_data"),
        row.bool("has_models"));
  }

  private static SortedMap<String, String> texts(Row row, String what) {
    SortedMap<String, String> texts = new TreeMap<>();
    String[] keys = row.arrayOrNull(what + "_keys", String[].class);
    if (keys != null) {
      String[] values = row.array(what + "_values", String[].class);
      for (int i = 0; i < keys.length; i++) {
        texts.put(keys[i], values[i]);
      }
    }
    return texts;
  }

  private static <T> Map<String, List<T>> grouped(List<Map.Entry<String, T>> rows) {
    Map<String, List<T>> groups = new HashMap<>();
    rows.forEach(
        row -> groups.computeIfAbsent(row.getKey(), id -> new ArrayList<>()).add(row.getValue()));
    return groups;
  }

  private static List<Metric> metrics(Row row) {
    String[] keys = row.arrayOrNull("metric_keys", String[].class);
    if (keys == null) {
      return List.of();
    }
    Double[] values = row.array("metric_values", Double[].class);
    Long[] times = row.array("times", Long[].class);
    Long[] steps = row.array("steps", Long[].class);
    List<Metric> metrics = new ArrayList<>();
    for (int i = 0; i < keys.length; i++) {
      metrics.add(new Metric(keys[i], values[i], times[i], steps[i]));
    }
    return metrics;
  }

  private static DatasetInput input(Row row) {
    return new DatasetInput(
        row.string("name"),
        row.string("digest"),
        row.string("source_type"),
        row.string("source"),
        row.stringOrNull("schema"),
        row.stringOrNull("profile"),
        JSON.readValue(row.json("tags"), TAGS));
  }

  static Run run(Row row) {
    return new Run(
        new RunId(row.string("run_id")),
        new ExperimentId(row.int8("experiment_id")),
        row.string("name"),
        row.string("user_id"),
        RunStatus.valueOf(row.string("status")),
        row.int8("start_time"),
        row.int8OrNull("end_time"),
        row.string("artifact_uri"),
        LifecycleStage.of(row.string("lifecycle_stage")),
        row.stringOrNull("request_id"));
  }
}
