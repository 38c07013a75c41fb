package io.millrace.problems;

import java.util.Map;

/**
 * A refusal that the caller of /api/v1 sees as problem+json: `{status, title, detail, code, ...}`.
 * The code is stable, short and lower-case with dashes; the message says what is wrong, where, and
 * how to mend it; the extras become further members of the problem.
 */
public final class ApiProblem extends RuntimeException {

  private final int status;
  private final String code;
  private final transient Map<String, Object> extras;

  public ApiProblem(int status, String code, String message) {
    this(status, code, message, Map.of());
  }

  /**
   * @param status HTTP status, 400 to 599
   */
  public ApiProblem(int status, String code, String message, Map<String, ?> extras) {
    super(message);
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("status is " + status + ", not 400 to 599");
    }
    this.status = status;
    this.code = code;
    this.extras = Map.copyOf(extras);
  }

  /** 404 `not-found`. */
  public static ApiProblem notFound(String message) {
    return new ApiProblem(404, "not-found", message);
  }

  /** HTTP status. */
  public int status() {
    return status;
  }

  /** Stable code. */
  public String code() {
    return code;
  }

  /** Further members of the problem. */
  public Map<String, Object> extras() {
    return extras;
  }
}
