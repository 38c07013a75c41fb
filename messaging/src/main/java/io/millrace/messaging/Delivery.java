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

  /**
   * Says that the handler is not to be interrupted when the lock is lost, because somebody else
   * than Kafka decides whose the work is. It is told by the callback all the same, and the worker
   * takes no other job until it is done. The job is delivered again meanwhile, to whom it may
   * concern. A stop of the worker interrupts it as ever.
   */
  void goOnWithoutLock();
}
