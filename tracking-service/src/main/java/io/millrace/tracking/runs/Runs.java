package io.millrace.tracking.runs;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.mlflow.MlflowException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
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

  private final Heartbeats heartbeats;

  Runs(Heartbeats heartbeats) {
    this.heartbeats = heartbeats;
  }

  /**
   * Stores a new run with its tags.
   *
   * @return all of them, of which {@code mlflow.runName} is always one
   */
  public SortedMap<String, String> create(Tx tx, Run run, Map<String, String> tags) {
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
    return all;
  }

  /** The run of that id, deleted ones too. */
  public Run get(Tx tx, RunId id) {
    return tx.queryOne("select * from runs where run_id = $1", Runs::run, id.value())
        .orElseThrow(() -> missing(id));
  }

  static MlflowException missing(RunId id) {
    return MlflowException.missing("Run with id=%s not found".formatted(id));
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
