package io.millrace.messaging;

/** One delivery of a job to this worker. Safe for many threads. */
public interface Delivery {

  /** How often the job has been delivered, this time included: 1 for the first. */
  int count();

  /**
   * True once the job is no longer this worker's: its lock is gone, or the worker is stopping. It
   * is given back then, unless the worker stops and the handler still returns normally.
   */
  boolean lockLost();

  /**
   * True where the worker is stopping and the lock still holds: a handler that returns normally
   * within the time to stop has the job acknowledged.
   */
  boolean stopping();

  /** Runs the callback when the lock is lost, at once if it is lost already. */
  void onLockLost(Runnable callback);
}
