package io.millrace.tracking.metrics;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.runs.Heartbeats;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** The store of metric points. */
@Component
class Metrics {

  /**
   * Everything that a log call changes, in one statement: the points, the newest of each key, what
   * is to be told, the heartbeat. The rows come sorted, so that two batches of a run wait for each
   * other instead of deadlocking. The run says by itself whether it takes them.
   */
  private static final String WRITE =
      """
      with run as materialized (
        select run_id, experiment_id, lifecycle_stage from runs where run_id = $1
      ), active as materialized (
        select run_id, experiment_id from run where lifecycle_stage = 'active'
      ), stored as (
        insert into run_metrics (run_id, key, timestamp_ms, step, value)
        select a.run_id, p.key, p.timestamp_ms, p.step, p.value
        from active a, unnest($2::text[], $3::float8[], $4::bigint[], $5::bigint[])
          as p (key, value, timestamp_ms, step)
        %s returning 1
      ), newest as (
        insert into latest_metrics as l (run_id, experiment_id, key, step, timestamp_ms, value)
        select a.run_id, a.experiment_id, p.key, p.step, p.timestamp_ms, p.value
        from active a, unnest($6::text[], $7::float8[], $8::bigint[], $9::bigint[])
          as p (key, value, timestamp_ms, step)
        on conflict (run_id, key) do update
          set step = excluded.step, timestamp_ms = excluded.timestamp_ms, value = excluded.value
          where (excluded.step, excluded.timestamp_ms, excluded.value)
            > (l.step, l.timestamp_ms, l.value)
      ), news as (
        insert into metric_news as n (run_id, total, points)
        select a.run_id, s.total, $10::jsonb
        from active a, (select count(*) as total from stored) as s where s.total > 0
        on conflict (run_id) do update set total = n.total + excluded.total,
          points = case when jsonb_array_length(n.points) < 1000 then n.points || excluded.points
                        else excluded.points end
      ), heard as (
        %s
      )
      select r.lifecycle_stage, (select count(*) from stored) as stored,
        exists (select 1 from run_heartbeats h
                where h.run_id = r.run_id and h.lost_at is not null) as lost
      from run r
      """;

  private static final String WRITE_NEW = WRITE.formatted("", Heartbeats.NOTE);
  private static final String WRITE_SOME =
      WRITE.formatted("on conflict do nothing", Heartbeats.NOTE);

  /** The key of a point, as the table has it. */
  private static final Comparator<Metric> BY_KEY =
      Comparator.comparing(Metric::key)
          .thenComparingLong(Metric::timestamp)
          .thenComparingLong(Metric::step)
          .thenComparingDouble(Metric::value);

  /**
   * What became of points.
   *
   * @param stage the run's; points of one that is not active are not stored
   * @param stored how many of them were new
   * @param lost true where the run had been given up for its silence
   */
  record Written(LifecycleStage stage, long stored, boolean lost) {}

  /**
   * Stores points; those that are there already are left out.
   *
   * @return empty where there is no such run
   */
  Optional<Written> write(Tx tx, RunId run, List<Metric> points) {
    return write(tx, WRITE_SOME, run, points);
  }

  /**
   * Stores points that the run does not have, which costs less than looking for each.
   *
   * @throws io.millrace.database.UniqueViolation where it has one of them; then none is stored
   */
  Optional<Written> writeNew(Tx tx, RunId run, List<Metric> points) {
    return write(tx, WRITE_NEW, run, points);
  }

  private static Optional<Written> write(Tx tx, String sql, RunId run, List<Metric> points) {
    List<Metric> sorted = new ArrayList<>(points);
    sorted.sort(BY_KEY);
    TreeMap<String, Metric> newest = new TreeMap<>();
    sorted.forEach(point -> newest.merge(point.key(), point, MetricSample::newer));
    List<Metric> latest = List.copyOf(newest.values());
    return tx.queryOne(
        sql,
        row ->
            new Written(
                LifecycleStage.of(row.string("lifecycle_stage")),
                row.int8("stored"),
                row.bool("lost")),
        run.value(),
        keys(sorted),
        values(sorted),
        timestamps(sorted),
        steps(sorted),
        keys(latest),
        values(latest),
        timestamps(latest),
        steps(latest),
        MetricSample.json(MetricSample.of(points)));
  }

  private static String[] keys(List<Metric> points) {
    return points.stream().map(Metric::key).toArray(String[]::new);
  }

  private static Double[] values(List<Metric> points) {
    return points.stream().map(Metric::value).toArray(Double[]::new);
  }

  private static Long[] timestamps(List<Metric> points) {
    return points.stream().map(Metric::timestamp).toArray(Long[]::new);
  }

  private static Long[] steps(List<Metric> points) {
    return points.stream().map(Metric::step).toArray(Long[]::new);
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
