package io.millrace.evaluation.evaluations;

import io.millrace.evaluation.gates.GateDecision;
import io.millrace.evaluation.intervals.MeasuredMetric;
import java.util.List;

/** What came of a job. */
sealed interface Outcome {

  /**
   * The version was scored.
   *
   * @param passed whether every gate let it through
   * @param rows held-out rows
   * @param metrics those that are defined on them
   */
  record Evaluated(
      boolean passed, long rows, List<MeasuredMetric> metrics, List<GateDecision> gates)
      implements Outcome {
    public Evaluated {
      metrics = List.copyOf(metrics);
      gates = List.copyOf(gates);
    }

    String verdict() {
      return passed ? "PASSED" : "FAILED";
    }
  }

  /**
   * It could not be scored.
   *
   * @param message what happened and what to do
   */
  record Failed(FailureReason reason, String message) implements Outcome {}
}
