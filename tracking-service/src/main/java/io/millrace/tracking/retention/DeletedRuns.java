package io.millrace.tracking.retention;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * The store of what is deleted and not removed yet. The rule itself is the view they are read from.
 */
@Component
class DeletedRuns {

  /** Everything that hangs on a run, what refers to others first. */
  private static final List<String> TABLES =
      List.of(
          "metric_notes",
          "run_metrics",
          "latest_metrics",
          "run_params",
          "run_tags",
          "run_datasets",
          "jobs");

  /**
   * Deleted longer ago than that, oldest first, those that are kept too; after a run of the list.
   */
  List<DeletedRun> expired(Tx tx, Duration keep, Optional<DeletedRun> after, int limit) {
    return tx.query(
        """
        select * from deleted_runs
        where deleted_at <= clock_timestamp() - $1 * interval '1 millisecond'
          and ($2::timestamptz is null or (deleted_at, run_id) > ($2::timestamptz, $3::text))
        order by deleted_at, run_id limit $4
        """,
        DeletedRuns::run,
        keep.toMillis(),
        after.map(run -> run.deletedAt().atOffset(ZoneOffset.UTC)).orElse(null),
        after.map(DeletedRun::runId).orElse(null),
        limit);
  }

  /** The run, locked, where the rule still lets it go. */
  Optional<DeletedRun> claim(Tx tx, String runId, Duration keep) {
    return tx.queryOne("select 1 as n from runs where run_id = $1 for update", row -> true, runId)
        .flatMap(
            locked ->
                tx.queryOne(
                    """
                    select * from deleted_runs
                    where run_id = $1 and needed_by is null
                      and deleted_at <= clock_timestamp() - $2 * interval '1 millisecond'
                    """,
                    DeletedRuns::run,
                    runId,
                    keep.toMillis()));
  }

  /** Removes a run with all that was logged to it; returns how many metric points that were. */
  long remove(Tx tx, String runId) {
    long points = 0;
    for (String table : TABLES) {
      long rows = tx.update("delete from " + table + " where run_id = $1", runId);
      points += table.equals("run_metrics") ? rows : 0;
    }
    tx.update("delete from runs where run_id = $1", runId);
    return points;
  }

  /** Removes deleted experiments that have no run left. */
  List<DeletedExperiment> removeExperiments(Tx tx, Duration keep) {
    List<DeletedExperiment> gone =
        tx.query(
            """
            select experiment_id, name, deleted_at from experiments e
            where lifecycle_stage = 'deleted' and experiment_id <> 0
              and deleted_at <= clock_timestamp() - $1 * interval '1 millisecond'
              and not exists (select 1 from runs r where r.experiment_id = e.experiment_id)
              and not exists (
                select 1 from logged_models m where m.experiment_id = e.experiment_id)
              and not exists (select 1 from requests q where q.experiment_id = e.experiment_id)
            order by experiment_id limit 1000 for update
            """,
            row ->
                new DeletedExperiment(
                    Long.toString(row.int8("experiment_id")),
                    row.string("name"),
                    row.instant("deleted_at")),
            keep.toMillis());
    Long[] keys = gone.stream().map(one -> Long.valueOf(one.experimentId())).toArray(Long[]::new);
    tx.update("delete from experiment_tags where experiment_id = any($1::bigint[])", (Object) keys);
    tx.update("delete from experiments where experiment_id = any($1::bigint[])", (Object) keys);
    return gone;
  }

  private static DeletedRun run(Row row) {
    return new DeletedRun(
        row.string("run_id"),
        Long.toString(row.int8("experiment_id")),
        row.string("name"),
        row.string("artifact_uri"),
        row.instant("deleted_at"),
        row.stringOrNull("needed_by"),
        row.stringOrNull("request_id"));
  }
}
