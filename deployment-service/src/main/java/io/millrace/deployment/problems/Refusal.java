package io.millrace.deployment.problems;

import org.springframework.http.HttpStatus;

/**
 * A command that is not carried out. The message says what is wrong and how to mend it; the code is
 * stable. Nothing of the command has been stored.
 */
public final class Refusal extends RuntimeException {
  private final HttpStatus status;
  private final String code;

  private Refusal(HttpStatus status, String code, String message) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
  }

  /** The request itself is wrong. */
  public static Refusal invalid(String code, String message) {
    return new Refusal(HttpStatus.UNPROCESSABLE_CONTENT, code, message);
  }

  /** What the request names is not there. */
  public static Refusal missing(String code, String message) {
    return new Refusal(HttpStatus.NOT_FOUND, code, message);
  }

  /** The person may not do it. */
  public static Refusal forbidden(String code, String message) {
    return new Refusal(HttpStatus.FORBIDDEN, code, message);
  }

  /** The state of things does not allow it. */
  public static Refusal conflict(String code, String message) {
    return new Refusal(HttpStatus.CONFLICT, code, message);
  }

  /** The stable code, for example {@code own-request}. */
  public String code() {
    return code;
  }

  HttpStatus status() {
    return status;
  }

  @Override
  public String getMessage() {
    String message = super.getMessage();
    return message == null ? code : message;
  }
}
