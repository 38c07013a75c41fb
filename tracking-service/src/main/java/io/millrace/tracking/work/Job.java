package io.millrace.tracking.work;

import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.runs.RunId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A queued run and who has it. The attempt grows with every start and is the fencing token: what an
 * earlier attempt reports is refused.
 *
 * @param attempt 0 before the first start
 * @param leasedUntil until when nobody else may start it; null while nobody has
 * @param startedAt start of the current attempt
 * @param checkedAttempt newest attempt whose data checks are known
 * @param cancelledBy who asked to stop it; null: nobody
 * @param lostAttempts attempts that ended without a report or a release
 * @param silentSince when the worker was heard last whose run was given up; null: it was not
 */
record Job(
    RunId runId,
    String requestId,
    String modelName,
    DatasetVersion dataset,
    Pipeline pipeline,
    String requestedBy,
    JobStatus status,
    int attempt,
    @Nullable String worker,
    @Nullable Instant leasedUntil,
    @Nullable Instant startedAt,
    int checkedAttempt,
    @Nullable String cancelledBy,
    int lostAttempts,
    @Nullable Instant silentSince) {

  /** What a start leads to. */
  sealed interface Start {
    /**
     * The worker has it.
     *
     * @param lostAttempts with the one before it, where that was neither ended nor released
     */
    record Taken(int attempt, int lostAttempts) implements Start {}

    /** Too many workers died over it. */
    record Exhausted(int lostAttempts) implements Start {}

    /** There is nothing left to do. */
    record Ended(JobStatus status) implements Start {}

    /** Somebody asked to stop it, and no live worker is left to do so. */
    record Cancelled(String by) implements Start {}

    /** Another live worker has it. */
    record Leased(String worker, Instant until) implements Start {}
  }

  /**
   * Decides who gets the run. The same worker may start again within its lease: it has lost sight
   * of its earlier attempt, which is fenced off by the new one.
   *
   * @param mostLost lost attempts after which nobody gets it any more
   */
  Start start(String candidate, Instant now, int mostLost) {
    if (status.ended()) {
      return new Start.Ended(status);
    }
    if (worker != null
        && leasedUntil != null
        && leasedUntil.isAfter(now)
        && !worker.equals(candidate)) {
      return new Start.Leased(worker, leasedUntil);
    }
    if (cancelledBy != null) {
      return new Start.Cancelled(cancelledBy);
    }
    int lost = lostAttempts + (status == JobStatus.RUNNING ? 1 : 0);
    return lost >= mostLost ? new Start.Exhausted(lost) : new Start.Taken(attempt + 1, lost);
  }

  /** Whether the attempt gave the run back, which nobody has taken since. */
  boolean released(int by) {
    return status == JobStatus.QUEUED && by > 0 && by == attempt;
  }

  /** What a report of an attempt is. */
  enum Report {
    /** From the attempt that has the run. */
    CURRENT,
    /** From the attempt that had the run when it was given up, and nobody has had it since. */
    LATE,
    /** From the attempt that ended the run: it was heard before. */
    REPEATED,
    /** From an attempt that has lost the run. */
    FENCED
  }

  /**
   * Classifies a report.
   *
   * @param end how the run ends with it; null for a report that does not end it
   */
  Report report(int reporting, @Nullable JobStatus end) {
    if (reporting != attempt || reporting == 0) {
      return Report.FENCED;
    }
    if (status == JobStatus.RUNNING) {
      return Report.CURRENT;
    }
    if (silentSince != null && status == JobStatus.FAILED) {
      return cancelledBy == null ? Report.LATE : Report.FENCED;
    }
    return end != null && status == end ? Report.REPEATED : Report.FENCED;
  }
}
