package io.millrace.cli;

/** Something the person at the terminal should read: what failed, and how to mend it. */
public final class CliFailure extends RuntimeException {

  /** Exit status of a command that was understood but failed. */
  public static final int FAILED = 1;

  /** Exit status where the platform does not answer. */
  public static final int UNREACHABLE = 3;

  private final int exitStatus;

  public CliFailure(String message) {
    this(FAILED, message);
  }

  public CliFailure(int exitStatus, String message) {
    super(message);
    this.exitStatus = exitStatus;
  }

  /** The process's exit status. */
  public int exitStatus() {
    return exitStatus;
  }
}
