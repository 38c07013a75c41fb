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

  /** A metric's points of several runs, by run, time, step and value. */
  List<RunMetric> ofRuns(Tx tx, List<String> runs, String key, int limit) {
    return tx.query(
        """
        select * from run_metrics where run_id = any($1::text[]) and key = $2
        order by run_id, timestamp_ms, step, value limit $3
        """,
        Metrics::runMetric,
        runs.toArray(String[]::new),
        key,
        limit);
  }

  /**
   * A metric's points of several runs at some of their steps, by run in the order given, step, time
   * and value. Of the steps that any of them has in the interval, both ends belonging to it, as
   * many as asked are taken at even distances, and the last one, and the first and the last of each
   * run.
   */
  List<RunMetric> thinned(Tx tx, List<String> runs, String key, long start, long end, long steps) {
    return tx.query(
        """
        with points as (
          select * from run_metrics
          where run_id = any($1::text[]) and key = $2 and step between $3 and $4
        ), numbered as (
          select step, row_number() over (order by step) - 1 as i, count(*) over () as n
          from (select distinct step from points) as every
        ), taken as (
          select step from numbered
          where n <= $5 or i = n - 1 or (((i * $5 + n - 1) / n) * n) / $5 = i
          union
          select unnest(array[min(step), max(step)]) from points group by run_id
        )
        select * from points where step in (select step from taken)
        order by array_position($1::text[], run_id), step, timestamp_ms, value
        """,
        Metrics::runMetric,
        runs.toArray(String[]::new),
        key,
        start,
        end,
        steps);
  }

  private static RunMetric runMetric(Row row) {
    return RunMetric.of(new RunId(row.string("run_id")), metric(row));
  }

  private static Metric metric(Row row) {
    return new Metric(
        row.string("key"), row.float8("value"), row.int8("timestamp_ms"), row.int8("step"));
  }
}
