package io.millrace.deployment.promotions;

import io.millrace.pipeline.Pipeline;
import java.util.List;

/**
 * One environment on the way.
 *
 * @param approvers people who must approve, 0 where it is automatic
 */
record Stage(String environment, int approvers) {
  Stage {
    if (environment.isBlank() || approvers < 0) {
      throw new IllegalArgumentException(
          "stage '%s' with %d approvers".formatted(environment, approvers));
    }
  }

  /** The stages of a pipeline, in order. */
  static List<Stage> of(Pipeline.Promote promote) {
    return promote.environments().stream()
        .map(environment -> new Stage(environment, promote.approvers(environment)))
        .toList();
  }
}
