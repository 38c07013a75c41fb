package io.millrace.tracking.experiments;

import io.millrace.changes.Change;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.ErrorCode;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The store of experiments. What changes one publishes its event in the same transaction, as its
 * last step; what changes nothing publishes none.
 */
@Component
public class Experiments {

  /** What {@link #experiment} reads, of experiments {@code e}. */
  static final String COLUMNS =
      """
      e.*,
        array(select key from experiment_tags t where t.experiment_id = e.experiment_id order by key)
          as tag_keys,
        array(select value from experiment_tags t where t.experiment_id = e.experiment_id order by key)
          as tag_values
      """;

  private static final String SELECT = "select " + COLUMNS + " from experiments e";

  private final ExperimentEvents events;
  private final Clock clock;

  Experiments(ExperimentEvents events, Clock clock) {
    this.events = events;
    this.clock = clock;
  }

  Experiment create(
      Tx tx,
      String name,
      @Nullable String artifactLocation,
      Map<String, String> tags,
      Change change) {
    ExperimentId id =
        insert(tx, name, artifactLocation)
            .orElseThrow(
                () ->
                    MlflowException.exists(
                        "Experiment(name=%s) already exists. Choose another name, or restore the experiment if it was deleted."
                            .formatted(name)));
    tags.forEach((key, value) -> storeTag(tx, id, key, value));
    Experiment made = get(tx, id);
    events.created(tx, made, change);
    return made;
  }

  /**
   * The experiment of that name, made where there is none, and in use again where it was deleted.
   */
  public Experiment named(Tx tx, String name, Change change) {
    Optional<Experiment> found = find(tx, name);
    if (found.isEmpty()) {
      boolean made = insert(tx, name, null).isPresent();
      found = find(tx, name);
      if (made) {
        events.created(tx, found.orElseThrow(), change);
      }
    }
    Experiment experiment = found.orElseThrow();
    if (experiment.stage() == LifecycleStage.DELETED) {
      restore(tx, experiment.id(), change);
    }
    return get(tx, experiment.id());
  }

  /** The experiment of that id, deleted ones too. */
  public Experiment get(Tx tx, ExperimentId id) {
    return tx.queryOne(SELECT + " where e.experiment_id = $1", Experiments::experiment, id.value())
        .orElseThrow(() -> missing(id));
  }

  /**
   * The experiment of that id, which nobody deletes until the end of the transaction: what is put
   * into it then is not forgotten when it is deleted.
   */
  public Experiment getForUse(Tx tx, ExperimentId id) {
    return tx.queryOne(
            SELECT + " where e.experiment_id = $1 for share of e",
            Experiments::experiment,
            id.value())
        .orElseThrow(() -> missing(id));
  }

  Optional<Experiment> find(Tx tx, String name) {
    return tx.queryOne(SELECT + " where e.name = $1", Experiments::experiment, name);
  }

  void rename(Tx tx, ExperimentId id, String name, Change change) {
    Experiment before =
        tx.queryOne(
                SELECT + " where e.experiment_id = $1 for no key update of e",
                Experiments::experiment,
                id.value())
            .orElseThrow(() -> missing(id));
    if (before.stage() != LifecycleStage.ACTIVE) {
      throw new MlflowException(
          ErrorCode.INVALID_PARAMETER_VALUE, "Cannot rename a non-active experiment.");
    }
    find(tx, name)
        .filter(other -> !other.id().equals(id))
        .ifPresent(
            other -> {
              throw MlflowException.exists(
                  "Experiment(name=%s) already exists. Choose another name.".formatted(name));
            });
    tx.update(
        "update experiments set name = $2, last_update_time = $3 where experiment_id = $1",
        id.value(),
        name,
        clock.millis());
    if (!before.name().equals(name)) {
      events.renamed(tx, before, name, change);
    }
  }

  void delete(Tx tx, ExperimentId id, Change change) {
    Moved moved = move(tx, id, LifecycleStage.ACTIVE, LifecycleStage.DELETED);
    events.deleted(tx, id, moved.name(), moved.runs(), change);
  }

  void restore(Tx tx, ExperimentId id, Change change) {
    Moved moved = move(tx, id, LifecycleStage.DELETED, LifecycleStage.ACTIVE);
    events.restored(tx, id, moved.name(), moved.runs(), change);
  }

  void setTag(Tx tx, ExperimentId id, String key, String value, Change change) {
    if (storeTag(tx, id, key, value)) {
      events.tagged(tx, id, key, value, change);
    }
  }

  /** Whether that changed something. */
  private static boolean storeTag(Tx tx, ExperimentId id, String key, String value) {
    return tx.update(
            """
            insert into experiment_tags as t (experiment_id, key, value) values ($1, $2, $3)
            on conflict (experiment_id, key) do update set value = excluded.value
              where t.value <> excluded.value
            """,
            id.value(),
            key,
            value)
        == 1;
  }

  void deleteTag(Tx tx, ExperimentId id, String key, Change change) {
    if (tx.update(
            "delete from experiment_tags where experiment_id = $1 and key = $2", id.value(), key)
        == 0) {
      throw MlflowException.missing(
          "No tag with name: %s in experiment with id %s".formatted(key, id));
    }
    events.tagged(tx, id, key, null, change);
  }

  private Optional<ExperimentId> insert(Tx tx, String name, @Nullable String artifactLocation) {
    return tx.queryOne(
        """
        insert into experiments
          (experiment_id, name, artifact_location, creation_time, last_update_time)
        select id, $1, coalesce($2::text, 'mlflow-artifacts:/' || id), $3, $3
        from nextval('experiment_ids') id
        on conflict (name) do nothing
        returning experiment_id
        """,
        row -> new ExperimentId(row.int8("experiment_id")),
        name,
        artifactLocation,
        clock.millis());
  }

  /** An experiment that was moved, and how many runs with it. */
  private record Moved(String name, long runs) {}

  private Moved move(Tx tx, ExperimentId id, LifecycleStage from, LifecycleStage to) {
    String name =
        tx.queryOne(
                """
                update experiments set lifecycle_stage = $3, last_update_time = $4
                where experiment_id = $1 and lifecycle_stage = $2 returning name
                """,
                row -> row.string("name"),
                id.value(),
                from.text(),
                to.text(),
                clock.millis())
            .orElseThrow(() -> missing(id));
    return new Moved(
        name,
        tx.update(
            """
            update runs set lifecycle_stage = $2
            where experiment_id = $1 and lifecycle_stage <> $2
            """,
            id.value(),
            to.text()));
  }

  private static MlflowException missing(ExperimentId id) {
    return MlflowException.missing("No Experiment with id=%s exists".formatted(id));
  }

  static Experiment experiment(Row row) {
    String[] keys = row.array("tag_keys", String[].class);
    String[] values = row.array("tag_values", String[].class);
    SortedMap<String, String> tags = new TreeMap<>();
    for (int i = 0; i < keys.length; i++) {
      tags.put(keys[i], values[i]);
    }
    return new Experiment(
        new ExperimentId(row.int8("experiment_id")),
        row.string("name"),
        row.string("artifact_location"),
        LifecycleStage.of(row.string("lifecycle_stage")),
        row.int8("creation_time"),
        row.int8("last_update_time"),
        tags);
  }
}
