package io.millrace.deployment.refusals;

import io.millrace.problems.ApiProblem;

/**
 * Refuses a command: the transaction is rolled back, so nothing of it is stored. The message says
 * what is wrong and how to mend it; the code is stable.
 */
public final class Refusal {
  private Refusal() {}

  /** The request itself is wrong. */
  public static ApiProblem invalid(String code, String message) {
    return new ApiProblem(422, code, message);
  }

  /** What the request names is not there. */
  public static ApiProblem missing(String code, String message) {
    return new ApiProblem(404, code, message);
  }

  /** The person may not do it. */
  public static ApiProblem forbidden(String code, String message) {
    return new ApiProblem(403, code, message);
  }

  /** The state of things does not allow it. */
  public static ApiProblem conflict(String code, String message) {
    return new ApiProblem(409, code, message);
  }
}
