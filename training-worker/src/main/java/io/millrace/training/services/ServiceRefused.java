package io.millrace.training.services;

/** tracking-service refused a call (HTTP 4xx); repeating it does not help. */
public final class ServiceRefused extends RuntimeException {

  private final int status;
  private final String code;

  ServiceRefused(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** HTTP status. */
  public int status() {
    return status;
  }

  /** Stable code of the problem document; empty where there is none. */
  public String code() {
    return code;
  }
}
