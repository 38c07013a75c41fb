package io.millrace.pipeline;

import java.util.List;

/** What came of reading a pipeline file: the pipeline, or every problem found. */
public sealed interface Parsed {

  /** The file is right. */
  record Valid(Pipeline pipeline) implements Parsed {}

  /**
   * The file is not right.
   *
   * @param problems at least one, in the order of the file as far as possible
   */
  record Invalid(List<Problem> problems) implements Parsed {
    public Invalid {
      problems = List.copyOf(problems);
      if (problems.isEmpty()) {
        throw new IllegalArgumentException("an invalid file has at least one problem");
      }
    }
  }

  /** The pipeline; {@link InvalidPipeline} with every problem where there is none. */
  default Pipeline orThrow() {
    return switch (this) {
      case Valid valid -> valid.pipeline();
      case Invalid invalid -> throw new InvalidPipeline(invalid.problems());
    };
  }
}
