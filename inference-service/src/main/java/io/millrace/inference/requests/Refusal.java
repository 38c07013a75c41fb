package io.millrace.inference.requests;

import org.springframework.http.HttpStatus;

/** A request that gets no answer but a reason, in the error form of its protocol. */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final HttpStatus status;

  public Refusal(HttpStatus status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  /** The request is wrong: 400. */
  public static Refusal badRequest(String message) {
    return new Refusal(HttpStatus.BAD_REQUEST, message);
  }

  public HttpStatus status() {
    return status;
  }

  /** The words for the client. */
  public String reason() {
    return String.valueOf(getMessage());
  }
}
