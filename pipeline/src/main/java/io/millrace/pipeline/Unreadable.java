package io.millrace.pipeline;

/** A text that has no tree: broken syntax, or more than a pipeline file may hold. */
final class Unreadable extends Exception {
  private final Problem problem;

  Unreadable(Problem.Code code, String message) {
    super(message);
    this.problem = new Problem(code.text(), message, null);
  }

  Problem problem() {
    return problem;
  }
}
