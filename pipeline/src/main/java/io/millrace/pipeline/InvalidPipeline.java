package io.millrace.pipeline;

import java.util.List;
import java.util.stream.Collectors;

/** A pipeline was needed and the text is not one; the message has every problem on its own line. */
public final class InvalidPipeline extends RuntimeException {
  private final transient List<Problem> problems;

  InvalidPipeline(List<Problem> problems) {
    super(problems.stream().map(Problem::message).collect(Collectors.joining("\n")));
    this.problems = problems;
  }

  public List<Problem> problems() {
    return problems;
  }
}
