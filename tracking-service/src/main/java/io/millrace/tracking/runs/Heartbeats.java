package io.millrace.tracking.runs;

import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.stereotype.Component;

/**
 * Runs that promise to report. A client that sets the tag {@code millrace.heartbeat} to a time such
 * as {@code 60s} promises to log something at least as often. A run that was silent for three times
 * as long is ended as FAILED, with the reason in the tag {@code millrace.failure}; it runs again as
 * soon as it reports again, for it may have been slow only.
 */
@Component
public class Heartbeats {

  /** The tag that promises. */
  static final String TAG = "millrace.heartbeat";

  /** The tag that says why the platform ended a run. */
  static final String FAILURE_TAG = "millrace.failure";

  /** How many heartbeats in a row have to be missing. */
  private static final int MISSING = 3;

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(1);

  /**
   * Notes of runs, those of {@code $1}, that they are alive, unless they were given up; for use
   * inside others.
   */
  public static final String NOTE =
      """
      update run_heartbeats set last_seen = clock_timestamp()
      where run_id = any($1::text[]) and lost_at is null
        and last_seen < clock_timestamp() - every_ms * interval '0.1 millisecond'
      """;

  private final RunEvents events;

  Heartbeats(RunEvents events) {
    this.events = events;
  }

  /** Something was logged to the run: it is alive, and runs again where it had been given up. */
  public void heard(Tx tx, RunId id) {
    tx.queryOne(
            """
            with before as (select run_id, lost_at, last_seen from run_heartbeats where run_id = $1)
            update run_heartbeats h set last_seen = clock_timestamp(), lost_at = null
            from before
            where h.run_id = before.run_id
              and (h.lost_at is not null
                   or h.last_seen < clock_timestamp() - h.every_ms * interval '0.1 millisecond')
            returning before.lost_at is not null as was_lost,
              (extract(epoch from clock_timestamp() - before.last_seen) * 1000)::bigint as silent
            """,
            row -> row.bool("was_lost") ? row.int8("silent") : -1L,
            id.value())
        .filter(silent -> silent >= 0)
        .ifPresent(silent -> recover(tx, id, silent));
  }

  /** A promise, or another one. */
  void promise(Tx tx, RunId id, String every) {
    Duration interval = interval(every);
    tx.update(
        """
        insert into run_heartbeats (run_id, every_ms) values ($1, $2)
        on conflict (run_id) do update set every_ms = excluded.every_ms
        """,
        id.value(),
        interval.toMillis());
  }

  /** No promise any more. */
  void release(Tx tx, RunId id) {
    tx.update("delete from run_heartbeats where run_id = $1", id.value());
  }

  /** Ends running runs that have been silent for too long; returns how many. */
  int endSilent(Tx tx) {
    List<Silent> silent =
        tx.query(
            """
            update run_heartbeats h set lost_at = clock_timestamp()
            from (
              select h.run_id from run_heartbeats h join runs r using (run_id)
              where h.lost_at is null and r.status = 'RUNNING' and r.lifecycle_stage = 'active'
                and h.last_seen < clock_timestamp() - h.every_ms * $1 * interval '1 millisecond'
              order by h.run_id limit 100 for no key update of h skip locked) gone
            where h.run_id = gone.run_id
            returning h.run_id, h.every_ms,
              (extract(epoch from h.last_seen) * 1000)::bigint as last_seen
            """,
            row ->
                new Silent(
                    new RunId(row.string("run_id")),
                    Duration.ofMillis(row.int8("every_ms")),
                    row.int8("last_seen")),
            MISSING);
    silent.forEach(one -> end(tx, one));
    return silent.size();
  }

  private record Silent(RunId id, Duration every, long lastSeen) {}

  private void end(Tx tx, Silent silent) {
    String reason =
        "Nothing was logged since %s, and the run had promised a heartbeat every %d s. It runs again when it reports again."
            .formatted(
                java.time.Instant.ofEpochMilli(silent.lastSeen()), silent.every().toSeconds());
    Optional<Run> ended =
        tx.queryOne(
            """
            update runs set status = 'FAILED', end_time = $2
            where run_id = $1 and status = 'RUNNING' returning *
            """,
            Runs::run,
            silent.id().value(),
            silent.lastSeen());
    ended.ifPresent(
        run -> {
          Runs.storeTags(tx, silent.id(), new TreeMap<>(java.util.Map.of(FAILURE_TAG, reason)));
          events.ended(tx, run, reason);
        });
  }

  private void recover(Tx tx, RunId id, long silentMillis) {
    tx.queryOne(
            """
            update runs set status = 'RUNNING', end_time = null
            where run_id = $1 and status = 'FAILED' returning *
            """,
            Runs::run,
            id.value())
        .ifPresent(
            run -> {
              tx.update(
                  "delete from run_tags where run_id = $1 and key = $2", id.value(), FAILURE_TAG);
              events.recovered(tx, run, silentMillis);
            });
  }

  private static Duration interval(String text) {
    try {
      Duration interval =
          text.matches("\\d{1,9}")
              ? Duration.ofSeconds(Long.parseLong(text))
              : DurationStyle.detectAndParse(text);
      if (interval.compareTo(SHORTEST) >= 0 && interval.compareTo(LONGEST) <= 0) {
        return interval;
      }
    } catch (IllegalArgumentException | ArithmeticException unreadable) {
      // Said below.
    }
    throw MlflowException.invalid(
        "Invalid value \"%s\" for tag '%s' supplied: it is a time from 1s to 1d, such as 60s or 5m."
            .formatted(text, TAG));
  }
}
