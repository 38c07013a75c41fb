package io.millrace.tracking.metrics;

import io.millrace.database.ArrayParameter;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.runs.Heartbeats;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** The store of metric points. */
@Component
class Metrics {

  private static final String KEEP_NEWEST =
      """
      on conflict (run_id, key) do update
        set step = excluded.step, timestamp_ms = excluded.timestamp_ms, value = excluded.value
        where (excluded.step, excluded.timestamp_ms, excluded.value)
          > (l.step, l.timestamp_ms, l.value)
      """;

  /**
   * Everything that log calls to several runs change, in one statement: the points, the newest of
   * each key, what is to be told, the heartbeats. The rows come sorted, so that calls of the same
   * runs wait for each other instead of deadlocking. The runs say by themselves whether they take
   * them.
   */
  private static final String WRITE =
      """
      with asked as materialized (
        select a.no, r.run_id, r.experiment_id, r.lifecycle_stage
        from unnest($1::text[]) with ordinality as a (run_id, no) join runs r using (run_id)
      ), active as materialized (
        select no, run_id, experiment_id from asked where lifecycle_stage = 'active'
      ), stored as (
        insert into run_metrics (run_id, key, timestamp_ms, step, value)
        select a.run_id, p.key, p.timestamp_ms, p.step, p.value
        from unnest($2::bigint[], $3::text[], $4::float8[], $5::bigint[], $6::bigint[])
          as p (no, key, value, timestamp_ms, step) join active a using (no)
        %s returning run_id
      ), newest as (
        insert into latest_metrics as l (run_id, experiment_id, key, step, timestamp_ms, value)
        select a.run_id, a.experiment_id, p.key, p.step, p.timestamp_ms, p.value
        from unnest($7::bigint[], $8::text[], $9::float8[], $10::bigint[], $11::bigint[])
          as p (no, key, value, timestamp_ms, step) join active a using (no)
        order by a.no, p.key
        %s
      ), counted as materialized (
        select run_id, count(*) as total from stored group by run_id
      ), news as (
        insert into metric_notes (run_id, total, points)
        select c.run_id, c.total, n.points
        from counted c join unnest($1::text[], $12::text[]) as n (run_id, points) using (run_id)
      ), heard as (
        %s
      )
      select r.run_id, r.lifecycle_stage, coalesce(c.total, 0) as stored,
        exists (select 1 from run_heartbeats h
                where h.run_id = r.run_id and h.lost_at is not null) as lost
      from asked r left join counted c using (run_id)
      """;

  /**
   * {@link #WRITE} for one run whose points are all new, so that nothing has to be joined or
   * counted. A batch is mostly that.
   */
  private static final String WRITE_NEW_OF_ONE =
      """
      with asked as materialized (
        select run_id, experiment_id, lifecycle_stage from runs where run_id = any($1::text[])
      ), active as materialized (
        select run_id, experiment_id from asked where lifecycle_stage = 'active'
      ), stored as (
        insert into run_metrics (run_id, key, timestamp_ms, step, value)
        select a.run_id, p.key, p.timestamp_ms, p.step, p.value
        from active a, unnest($2::text[], $3::float8[], $4::bigint[], $5::bigint[])
          as p (key, value, timestamp_ms, step)
      ), newest as (
        insert into latest_metrics as l (run_id, experiment_id, key, step, timestamp_ms, value)
        select a.run_id, a.experiment_id, p.key, p.step, p.timestamp_ms, p.value
        from active a, unnest($6::text[], $7::float8[], $8::bigint[], $9::bigint[])
          as p (key, value, timestamp_ms, step)
        %s
      ), news as (
        insert into metric_notes (run_id, total, points) select run_id, $10, $11 from active
      ), heard as (
        %s
      )
      select a.run_id, a.lifecycle_stage, $10 as stored,
        exists (select 1 from run_heartbeats h
                where h.run_id = a.run_id and h.lost_at is not null) as lost
      from asked a
      """
          .formatted(KEEP_NEWEST, Heartbeats.NOTE);

  private static final String WRITE_NEW = WRITE.formatted("", KEEP_NEWEST, Heartbeats.NOTE);
  private static final String WRITE_SOME =
      WRITE.formatted("on conflict do nothing", KEEP_NEWEST, Heartbeats.NOTE);

  private static final String HISTORY =
      """
      select %s
      from (
        select * from run_metrics
        where run_id = $1 and key = $2 and (timestamp_ms, step, value) > ($3, $4, $5)
        order by timestamp_ms, step, value limit $6
      ) p
      """
          .formatted(HistoryPoints.columns("timestamp_ms, step, value"));

  private static final String OF_RUNS =
      """
      select run_id, %s
      from (
        select * from run_metrics where run_id = any($1::text[]) and key = $2
        order by run_id, timestamp_ms, step, value limit $3
      ) p
      group by run_id order by run_id
      """
          .formatted(HistoryPoints.columns("timestamp_ms, step, value"));

  private static final String THINNED =
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
      select run_id, %s
      from points where step in (select step from taken)
      group by run_id order by array_position($1::text[], run_id)
      """
          .formatted(HistoryPoints.columns("step, timestamp_ms, value"));

  /** Where a point stands in the history of its metric. */
  record Position(long timestamp, long step, double value) {

    /** Before all that can be logged. */
    static final Position START = new Position(Long.MIN_VALUE, Long.MIN_VALUE, -Double.MAX_VALUE);
  }

  /**
   * What became of points.
   *
   * @param run whose points
   * @param stage the run's; points of one that is not active are not stored
   * @param stored how many of them were new
   * @param lost true where the run had been given up for its silence
   */
  record Written(RunId run, LifecycleStage stage, long stored, boolean lost) {

    /** For another call of the same run, whose points were counted with the first one's. */
    Written toldAlready() {
      return new Written(run, stage, 0, lost);
    }
  }

  /**
   * Stores points; those that are there already are left out.
   *
   * @return what became of the points of each run; a run that does not exist is not among them
   */
  Map<RunId, Written> write(Tx tx, SortedMap<RunId, List<Metric>> points) {
    return written(tx, WRITE_SOME, Arguments.of(points).ofMany());
  }

  /**
   * Stores points that the runs do not have, which costs less than looking for each.
   *
   * @throws io.millrace.database.UniqueViolation where a run has one of them, or is to get one
   *     twice; then none is stored
   */
  Map<RunId, Written> writeNew(Tx tx, SortedMap<RunId, List<Metric>> points) {
    return points.size() == 1
        ? written(tx, WRITE_NEW_OF_ONE, Arguments.of(points).ofOne())
        : written(tx, WRITE_NEW, Arguments.of(points).ofMany());
  }

  /** {@link #write(Tx, SortedMap)} of one run; empty where there is no such run. */
  Optional<Written> write(Tx tx, RunId run, List<Metric> points) {
    SortedMap<RunId, List<Metric>> one = new TreeMap<>(Comparator.comparing(RunId::value));
    one.put(run, points);
    return Optional.ofNullable(write(tx, one).get(run));
  }

  private static Map<RunId, Written> written(Tx tx, String sql, Object[] arguments) {
    return tx.query(sql, Metrics::written, arguments).stream()
        .collect(Collectors.toMap(Written::run, Function.identity()));
  }

  private static Written written(Row row) {
    return new Written(
        new RunId(row.string("run_id")),
        LifecycleStage.of(row.string("lifecycle_stage")),
        row.int8("stored"),
        row.bool("lost"));
  }

  /** What the statements are told; a run is the number of its place. */
  private record Arguments(
      ArrayParameter runs, Columns all, Columns newest, ArrayParameter notes, String note) {

    static Arguments of(SortedMap<RunId, List<Metric>> logged) {
      int points = logged.values().stream().mapToInt(List::size).sum();
      ArrayParameter runs = ArrayParameter.texts(logged.size());
      Columns all = new Columns(points);
      Columns newest = new Columns(logged.size());
      ArrayParameter notes = ArrayParameter.texts(logged.size());
      String note = "";
      for (Map.Entry<RunId, List<Metric>> ofRun : logged.entrySet()) {
        Points written = Points.of(ofRun.getValue());
        note = MetricSample.json(MetricSample.of(ofRun.getValue(), written.newest()));
        runs.add(ofRun.getKey().value());
        notes.add(note);
        all.add(runs.size(), written.sorted());
        newest.add(runs.size(), written.newest().values());
      }
      return new Arguments(runs, all, newest, notes, note);
    }

    Object[] ofMany() {
      return new Object[] {
        runs,
        all.runs,
        all.keys,
        all.values,
        all.timestamps,
        all.steps,
        newest.runs,
        newest.keys,
        newest.values,
        newest.timestamps,
        newest.steps,
        notes
      };
    }

    /** Where it is one run. */
    Object[] ofOne() {
      return new Object[] {
        runs,
        all.keys,
        all.values,
        all.timestamps,
        all.steps,
        newest.keys,
        newest.values,
        newest.timestamps,
        newest.steps,
        (long) all.keys.size(),
        note
      };
    }
  }

  /** Points as PostgreSQL unnests them. */
  private static final class Columns {
    private final ArrayParameter runs;
    private final ArrayParameter keys;
    private final ArrayParameter values;
    private final ArrayParameter timestamps;
    private final ArrayParameter steps;

    Columns(int expected) {
      runs = ArrayParameter.int8s(expected);
      keys = ArrayParameter.texts(expected);
      values = ArrayParameter.float8s(expected);
      timestamps = ArrayParameter.int8s(expected);
      steps = ArrayParameter.int8s(expected);
    }

    void add(long run, Collection<Metric> points) {
      for (Metric point : points) {
        runs.add(run);
        keys.add(point.key());
        values.add(point.value());
        timestamps.add(point.timestamp());
        steps.add(point.step());
      }
    }
  }

  /** The latest point of each key. */
  Map<String, Metric> latest(Tx tx, RunId run) {
    return tx
        .query("select * from latest_metrics where run_id = $1", Metrics::metric, run.value())
        .stream()
        .collect(Collectors.toMap(Metric::key, Function.identity()));
  }

  /** A metric's points by time, step and value, after the given one. */
  HistoryPoints history(Tx tx, RunId run, String key, Optional<Position> after, int limit) {
    Position from = after.orElse(Position.START);
    return tx.queryOne(
            HISTORY,
            HistoryPoints::of,
            run.value(),
            key,
            from.timestamp(),
            from.step(),
            from.value(),
            limit)
        .orElseThrow();
  }

  /** A metric's points of several runs, by run, time, step and value. */
  Map<RunId, HistoryPoints> ofRuns(Tx tx, List<String> runs, String key, int limit) {
    return inOrder(tx.query(OF_RUNS, Metrics::ofRun, runs.toArray(String[]::new), key, limit));
  }

  /**
   * A metric's points of several runs at some of their steps, by run in the order given, step, time
   * and value. Of the steps that any of them has in the interval, both ends belonging to it, as
   * many as asked are taken at even distances, and the last one, and the first and the last of each
   * run.
   */
  Map<RunId, HistoryPoints> thinned(
      Tx tx, List<String> runs, String key, long start, long end, long steps) {
    return inOrder(
        tx.query(THINNED, Metrics::ofRun, runs.toArray(String[]::new), key, start, end, steps));
  }

  private static Map.Entry<RunId, HistoryPoints> ofRun(Row row) {
    return Map.entry(new RunId(row.string("run_id")), HistoryPoints.of(row));
  }

  private static Map<RunId, HistoryPoints> inOrder(List<Map.Entry<RunId, HistoryPoints>> rows) {
    Map<RunId, HistoryPoints> points = new LinkedHashMap<>();
    rows.forEach(row -> points.put(row.getKey(), row.getValue()));
    return points;
  }

  private static Metric metric(Row row) {
    return new Metric(
        row.string("key"), row.float8("value"), row.int8("timestamp_ms"), row.int8("step"));
  }
}
