package io.millrace.tracking.work;

import java.util.Set;

/** State of a queued run; knows which may follow. */
enum JobStatus {
  /** Waits for a worker. */
  QUEUED,
  /** A worker has it, or had it until its lease ended. */
  RUNNING,
  /** The model is registered. */
  TRAINED,
  /** It ended without a model; one that was given up runs again when its worker reports late. */
  FAILED,
  /** Somebody stopped it. */
  CANCELLED;

  private static final Set<JobStatus> AFTER_QUEUED = Set.of(RUNNING, FAILED, CANCELLED);
  private static final Set<JobStatus> AFTER_RUNNING =
      Set.of(QUEUED, RUNNING, TRAINED, FAILED, CANCELLED);

  /**
   * Whether the step is legal; RUNNING to RUNNING is the next attempt, RUNNING to QUEUED the
   * release by a worker that stops.
   */
  boolean canTransitionTo(JobStatus next) {
    return switch (this) {
      case QUEUED -> AFTER_QUEUED.contains(next);
      case RUNNING -> AFTER_RUNNING.contains(next);
      case TRAINED, FAILED, CANCELLED -> false;
    };
  }

  boolean ended() {
    return this == TRAINED || this == FAILED || this == CANCELLED;
  }
}
