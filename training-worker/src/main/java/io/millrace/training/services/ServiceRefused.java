package io.millrace.training.services;

/** A service refused a call for good (HTTP 4xx). */
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
