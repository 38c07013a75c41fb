package io.millrace.tracking.work;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.runs.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The store of queued runs. Time is the database's, so that several services agree on leases. */
@Component
class Jobs {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  void add(Tx tx, NewJob job) {
    tx.update(
        """
        insert into jobs (run_id, request_id, model_name, dataset, pipeline, requested_by, status)
        values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, 'QUEUED')
        """,
        job.runId().value(),
        job.requestId(),
        job.pipeline().name(),
        JSON.writeValueAsString(job.dataset()),
        job.pipeline().toJson(),
        job.requestedBy());
  }

  /** The job of a run, which nobody else changes until the end of the transaction. */
  Optional<Job> lock(Tx tx, RunId run) {
    return tx.queryOne(
        "select * from jobs where run_id = $1 for no key update", Jobs::job, run.value());
  }

  /** The database's clock. */
  Instant now(Tx tx) {
    return tx.queryOne("select clock_timestamp() as now", row -> row.instant("now")).orElseThrow();
  }

  void start(Tx tx, RunId run, String worker, Job.Start.Taken taken, Duration lease) {
    tx.update(
        """
        update jobs set status = 'RUNNING', attempt = $3, worker = $2, started_at = now(),
          leased_until = now() + make_interval(secs => $4), dead_lettered_at = null,
          lost_attempts = $5
        where run_id = $1
        """,
        run.value(),
        worker,
        taken.attempt(),
        (double) lease.toSeconds(),
        taken.lostAttempts());
  }

  /** Takes the run from the attempt that has it; its next job is not the dead letter, if any. */
  void release(Tx tx, RunId run) {
    tx.update(
        """
        update jobs set status = 'QUEUED', worker = null, leased_until = null, queued_at = now(),
          dead_lettered_at = null
        where run_id = $1
        """,
        run.value());
  }

  /**
   * Extends the lease of the attempt that has the run.
   *
   * @return whether somebody asked to stop it; empty where the attempt does not have the run
   */
  Optional<Boolean> extend(Tx tx, RunId run, int attempt, Duration lease) {
    return tx.queryOne(
        """
        update jobs set leased_until = now() + make_interval(secs => $3)
        where run_id = $1 and attempt = $2 and status = 'RUNNING'
        returning cancelled_by is not null as cancelled
        """,
        row -> row.bool("cancelled"),
        run.value(),
        attempt,
        (double) lease.toSeconds());
  }

  void checked(Tx tx, RunId run, int attempt) {
    tx.update("update jobs set checked_attempt = $2 where run_id = $1", run.value(), attempt);
  }

  void end(Tx tx, RunId run, JobStatus status) {
    tx.update(
        "update jobs set status = $2, leased_until = null, ended_at = now() where run_id = $1",
        run.value(),
        status.name());
  }

  /** Ends a run whose worker is silent; the worker may still be heard. */
  void giveUp(Tx tx, RunId run, Duration lease) {
    tx.update(
        """
        update jobs set silent_since = leased_until - make_interval(secs => $2)
        where run_id = $1 and status = 'RUNNING'
        """,
        run.value(),
        (double) lease.toSeconds());
    end(tx, run, JobStatus.FAILED);
  }

  /** Gives a run that was given up back to the attempt that had it. */
  void recover(Tx tx, RunId run, Duration lease) {
    tx.update(
        """
        update jobs set status = 'RUNNING', silent_since = null, ended_at = null,
          leased_until = now() + make_interval(secs => $2)
        where run_id = $1
        """,
        run.value(),
        (double) lease.toSeconds());
  }

  void cancel(Tx tx, RunId run, String by) {
    tx.update(
        "update jobs set cancelled_by = coalesce(cancelled_by, $2) where run_id = $1",
        run.value(),
        by);
  }

  void deadLettered(Tx tx, RunId run, String reason) {
    tx.update(
        """
        update jobs set dead_lettered_at = now(), dead_letter = $2
        where run_id = $1 and status in ('QUEUED', 'RUNNING')
        """,
        run.value(),
        reason);
  }

  /** A run whose job will not be delivered again and whose worker is silent. */
  record Lost(RunId runId, @Nullable String worker, String deadLetter) {}

  List<Lost> lost(Tx tx, Duration after) {
    return tx.query(
        """
        select run_id, worker, dead_letter from jobs
        where dead_lettered_at < now() - make_interval(secs => $1)
          and status in ('QUEUED', 'RUNNING')
          and (leased_until is null or leased_until < now() - make_interval(secs => $1))
        order by dead_lettered_at limit 100
        """,
        row ->
            new Lost(
                new RunId(row.string("run_id")),
                row.stringOrNull("worker"),
                row.string("dead_letter")),
        (double) after.toSeconds());
  }

  private static Job job(Row row) {
    return new Job(
        new RunId(row.string("run_id")),
        row.string("request_id"),
        row.string("model_name"),
        JSON.readValue(row.json("dataset"), DatasetVersion.class),
        Pipeline.fromJson(row.json("pipeline")),
        row.string("requested_by"),
        JobStatus.valueOf(row.string("status")),
        row.int4("attempt"),
        row.stringOrNull("worker"),
        row.instantOrNull("leased_until"),
        row.instantOrNull("started_at"),
        row.int4("checked_attempt"),
        row.stringOrNull("cancelled_by"),
        row.int4("lost_attempts"),
        row.instantOrNull("silent_since"));
  }
}
