package io.millrace.cli.submit;

/** The project cannot be packed: why, and what to do. */
public final class SubmitFailure extends RuntimeException {

  public SubmitFailure(String message) {
    super(message);
  }

  public SubmitFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
