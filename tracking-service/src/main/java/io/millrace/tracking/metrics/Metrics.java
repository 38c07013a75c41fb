package io.millrace.tracking.metrics;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** The store of metric points. */
@Component
class Metrics {

  /**
   * Points in, newest points up to date, in one statement. The latest points are written in the
   * order of their keys, so that two batches of a run wait for each other instead of deadlocking.
   */
  private static final String WRITE =
      """
      with points as (
        select * from unnest($2::text[], $3::float8[], $4::bigint[], $5::bigint[])
          as p (key, value, timestamp_ms, step)
      ), stored as (
        insert into run_metrics (run_id, key, timestamp_ms, step, value)
        select $1::text, key, timestamp_ms, step, value from points
        order by key, timestamp_ms, step, value
        on conflict do nothing returning 1
      ), newest as (
        insert into latest_metrics as l (run_id, key, step, timestamp_ms, value)
        select distinct on (key) $1::text, key, step, timestamp_ms, value from points
        order by key, step desc, timestamp_ms desc, value desc
        on conflict (run_id, key) do update
          set step = excluded.step, timestamp_ms = excluded.timestamp_ms, value = excluded.value
          where (excluded.step, excluded.timestamp_ms, excluded.value)
            > (l.step, l.timestamp_ms, l.value)
        returning 1
      )
      select count(*) as stored from stored
      """;

  /**
   * Stores points; those that are there already are left out.
   *
   * @return how many were new
   */
  long write(Tx tx, RunId run, List<Metric> points) {
    return tx.queryOne(
            WRITE,
            row -> row.int8("stored"),
            run.value(),
            points.stream().map(Metric::key).toArray(String[]::new),
            points.stream().map(Metric::value).toArray(Double[]::new),
            points.stream().map(Metric::timestamp).toArray(Long[]::new),
            points.stream().map(Metric::step).toArray(Long[]::new))
        .orElseThrow();
  }

  /** The latest point of each key. */
  Map<String, Metric> latest(Tx tx, RunId run) {
    return tx
        .query("select * from latest_metrics where run_id = $1", Metrics::metric, run.value())
        .stream()
        .collect(Collectors.toMap(Metric::key, Function.identity()));
  }

  /** A metric's points by time, step and value, after the given one. */
  List<Metric> history(Tx tx, RunId run, String key, Optional<Metric> after, int limit) {
    Metric from = after.orElse(new Metric(key, -Double.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE));
    return tx.query(
        """
        select * from run_metrics
        where run_id = $1 and key = $2 and (timestamp_ms, step, value) > ($3, $4, $5)
        order by timestamp_ms, step, value limit $6
        """,
        Metrics::metric,
        run.value(),
        key,
        from.timestamp(),
        from.step(),
        from.value(),
        limit);
  }

  private static Metric metric(Row row) {
    return new Metric(
        row.string("key"), row.float8("value"), row.int8("timestamp_ms"), row.int8("step"));
  }
}
