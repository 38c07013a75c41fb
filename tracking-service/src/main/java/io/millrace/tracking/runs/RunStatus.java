package io.millrace.tracking.runs;

/**
 * Status of a run, as MLflow has it; the order of the constants is MLflow's numbering. Any client
 * may set any status, also start a run again that has ended.
 */
public enum RunStatus {
  RUNNING,
  SCHEDULED,
  FINISHED,
  FAILED,
  KILLED;

  /** True where the run does nothing any more. */
  public boolean ended() {
    return this == FINISHED || this == FAILED || this == KILLED;
  }

  /** True where the step to the other status ends the run, or ends it in another way. */
  public boolean endsWith(RunStatus next) {
    return next.ended() && next != this;
  }
}
