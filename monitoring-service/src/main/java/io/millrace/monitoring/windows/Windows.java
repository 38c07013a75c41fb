package io.millrace.monitoring.windows;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.monitoring.models.ModelKey;
import io.millrace.monitoring.models.Watch;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The windows. Those of a model change only while its watch is locked. */
@Component
class Windows {

  private static final String SUMMARY =
      """
      select environment, model_name, revision, number, version, state, start_at, end_at, timed,
             rows, late_rows, verdict, share, columns::text as columns
      from windows
      """;

  /** A window without its counts. */
  record Summary(
      ModelKey key,
      long revision,
      long number,
      int version,
      boolean open,
      Instant start,
      Instant end,
      boolean timed,
      long rows,
      long lateRows,
      @Nullable String verdict,
      @Nullable Double share,
      @Nullable String columns) {}

  /** An open window of rows. */
  record Filling(long number, long rows) {}

  /** The open window of rows, or the number of the next with 0 rows. */
  Filling filling(Tx tx, Watch watch) {
    return tx.queryOne(
            """
            select number, rows from windows
            where environment = $1 and model_name = $2 and revision = $3 and state = 'OPEN'
              and not timed
            """,
            row -> new Filling(row.int8("number"), row.int8("rows")),
            watch.key().environment(),
            watch.key().model(),
            watch.revision())
        .orElseGet(
            () ->
                new Filling(
                    tx.query(
                            """
                            select coalesce(max(number), 0) + 1 as number from windows
                            where environment = $1 and model_name = $2 and revision = $3
                            """,
                            row -> row.int8("number"),
                            watch.key().environment(),
                            watch.key().model(),
                            watch.revision())
                        .getFirst(),
                    0));
  }

  /**
   * Adds counts to a window, which begins with them where there is none yet.
   *
   * @return false where it is closed
   */
  boolean add(
      Tx tx,
      Watch watch,
      long number,
      boolean timed,
      Instant start,
      Instant end,
      long rows,
      long[] counts) {
    return tx.update(
            """
            insert into windows as w (environment, model_name, revision, number, version, state,
              start_at, end_at, timed, rows, counts)
            values ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10::bigint[])
            on conflict (environment, model_name, revision, number) do update set
              rows = w.rows + excluded.rows,
              start_at = least(w.start_at, excluded.start_at),
              end_at = greatest(w.end_at, excluded.end_at),
              counts = (select array_agg(a + b order by i)
                        from unnest(w.counts, excluded.counts) with ordinality as u (a, b, i))
            where w.state = 'OPEN'
            """,
            watch.key().environment(),
            watch.key().model(),
            watch.revision(),
            number,
            watch.version(),
            start,
            end,
            timed,
            rows,
            Arrays.stream(counts).boxed().toArray(Long[]::new))
        == 1;
  }

  /** Notes rows that came after their window was closed. */
  void late(Tx tx, Watch watch, long number, long rows) {
    tx.update(
        """
        update windows set late_rows = late_rows + $5
        where environment = $1 and model_name = $2 and revision = $3 and number = $4
        """,
        watch.key().environment(),
        watch.key().model(),
        watch.revision(),
        number,
        rows);
  }

  /** Open windows of time that ended before then. */
  List<Summary> ended(Tx tx, Instant before) {
    return tx.query(
        SUMMARY
            + " where state = 'OPEN' and timed and end_at <= $1 order by end_at, environment, model_name limit 100",
        Windows::summary,
        before);
  }

  Optional<Summary> find(Tx tx, ModelKey key, long revision, long number) {
    return tx.queryOne(
        SUMMARY + " where environment = $1 and model_name = $2 and revision = $3 and number = $4",
        Windows::summary,
        key.environment(),
        key.model(),
        revision,
        number);
  }

  /** The counts of a window. */
  long[] counts(Tx tx, Summary window) {
    return tx.queryOne(
            """
            select counts from windows
            where environment = $1 and model_name = $2 and revision = $3 and number = $4
            """,
            row ->
                Arrays.stream(row.array("counts", Long[].class))
                    .mapToLong(Long::longValue)
                    .toArray(),
            window.key().environment(),
            window.key().model(),
            window.revision(),
            window.number())
        .orElseThrow();
  }

  void close(Tx tx, Summary window, String verdict, double share, String columns) {
    tx.update(
        """
        update windows set state = 'CLOSED', verdict = $5, share = $6, columns = $7::jsonb,
          closed_at = now()
        where environment = $1 and model_name = $2 and revision = $3 and number = $4
        """,
        window.key().environment(),
        window.key().model(),
        window.revision(),
        window.number(),
        verdict,
        share,
        columns);
  }

  /** Deletes the oldest closed windows beyond that many. */
  void prune(Tx tx, ModelKey key, int kept) {
    tx.update(
        """
        delete from windows where environment = $1 and model_name = $2 and state = 'CLOSED'
          and (revision, number) in (
            select revision, number from windows
            where environment = $1 and model_name = $2 and state = 'CLOSED'
            order by revision desc, number desc offset $3)
        """,
        key.environment(),
        key.model(),
        kept);
  }

  /** Windows of a model, newest first, after the given place. */
  List<Summary> page(Tx tx, ModelKey key, long revision, long number, int limit) {
    return tx.query(
        SUMMARY
            + """
               where environment = $1 and model_name = $2 and (revision, number) < ($3, $4)
               order by revision desc, number desc limit $5
              """,
        Windows::summary,
        key.environment(),
        key.model(),
        revision,
        number,
        limit);
  }

  /** The newest window with a verdict of that revision. */
  Optional<Summary> lastJudged(Tx tx, ModelKey key, long revision) {
    return tx.queryOne(
        SUMMARY
            + """
               where environment = $1 and model_name = $2 and revision = $3
                 and verdict in ('OK', 'DRIFTED', 'NOT_ENOUGH_DATA')
               order by number desc limit 1
              """,
        Windows::summary,
        key.environment(),
        key.model(),
        revision);
  }

  /** Rows in the open windows of that revision. */
  long collecting(Tx tx, ModelKey key, long revision) {
    return tx.query(
            """
            select coalesce(sum(rows), 0)::bigint as rows from windows
            where environment = $1 and model_name = $2 and revision = $3 and state = 'OPEN'
            """,
            row -> row.int8("rows"),
            key.environment(),
            key.model(),
            revision)
        .getFirst();
  }

  private static Summary summary(Row row) {
    return new Summary(
        new ModelKey(row.string("environment"), row.string("model_name")),
        row.int8("revision"),
        row.int8("number"),
        row.int4("version"),
        row.string("state").equals("OPEN"),
        row.instant("start_at"),
        row.instant("end_at"),
        row.bool("timed"),
        row.int8("rows"),
        row.int8("late_rows"),
        row.stringOrNull("verdict"),
        row.float8OrNull("share"),
        row.stringOrNull("columns"));
  }
}
