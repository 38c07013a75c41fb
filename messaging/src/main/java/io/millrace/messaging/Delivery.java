package io.millrace.messaging;

/** One delivery of a job to this worker. Safe for many threads. */
public interface Delivery {

  /** How often the job has been delivered, this time included: 1 for the first. */
  int count();

  /**
   * True once the job is no longer this worker's: its lock is gone, or the worker is stopping. What
   * the handler does from then on is not acknowledged.
   */
  boolean lockLost();

  /** Runs the callback when the lock is lost, at once if it is lost already. */
  void onLockLost(Runnable callback);
}
