package io.millrace.evaluation.downloads;

/** What a job needs cannot be had; the message says what, why, and what to do. */
public final class Unobtainable extends RuntimeException {
  /** Why. */
  public enum Reason {
    /**
     * The artifact service does not have it, or did not answer for as long as the patience goes.
     */
    UNAVAILABLE,
    /** It is not the content the job names. */
    CORRUPT
  }

  private final Reason reason;

  Unobtainable(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
