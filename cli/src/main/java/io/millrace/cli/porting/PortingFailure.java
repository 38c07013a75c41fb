package io.millrace.cli.porting;

/** The whole copy cannot go on: what failed, and what to do. Running it again resumes it. */
public final class PortingFailure extends RuntimeException {

  public PortingFailure(String message) {
    super(message);
  }

  public PortingFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
