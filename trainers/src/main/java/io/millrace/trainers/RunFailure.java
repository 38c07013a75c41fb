package io.millrace.trainers;

/**
 * The end of a run without a model: the reason decides the exit code, the message is for people.
 */
public final class RunFailure extends RuntimeException {

  /** Why a run ends without a model. */
  public enum Reason {
    INVALID_JOB("invalid-job", 2),
    INVALID_DATA("invalid-data", 3),
    DATA_CHECKS_FAILED("data-checks-failed", 3),
    PARITY_FAILED("parity-failed", 4),
    OUT_OF_MEMORY("out-of-memory", 5),
    FENCED("fenced", 6),
    CANCELLED("cancelled", 143),
    CRASHED("crashed", 1);

    private final String key;
    private final int exitCode;

    Reason(String key, int exitCode) {
      this.key = key;
      this.exitCode = exitCode;
    }

    /** The name in {@code result.json}. */
    public String key() {
      return key;
    }

    /** The exit code of the program. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Reason reason;

  public RunFailure(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** A job or a parameter that cannot be followed. */
  public static RunFailure invalidJob(String message) {
    return new RunFailure(Reason.INVALID_JOB, message);
  }

  public Reason reason() {
    return reason;
  }
}
