package io.millrace.training.process;

/** Why a worker stops a trainer. */
public enum Stop {
  /** Somebody asked for it. */
  CANCELLED,
  /** The run's time is over. */
  TIMED_OUT,
  /** The process uses more memory than the run may. */
  OUT_OF_MEMORY,
  /** Tracking gave the run to another worker. */
  FENCED,
  /** This worker is shutting down. */
  RELEASED
}
