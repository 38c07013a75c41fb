package io.millrace.evaluation.evaluations;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.evaluation.gates.GateDecision;
import io.millrace.evaluation.intervals.MeasuredMetric;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored result, as clients and the report see it.
 *
 * @param status EVALUATED or FAILED
 * @param verdict PASSED or FAILED; null where it could not be scored
 * @param reason stable code; null where it was scored
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Evaluation(
    String modelName,
    int version,
    String requestId,
    String runId,
    String status,
    @Nullable String verdict,
    @Nullable Long rows,
    @Nullable Integer championVersion,
    List<Measured> metrics,
    List<GateDecision> gates,
    @Nullable String reason,
    @Nullable String message,
    Instant evaluatedAt) {

  /** A metric with the ends of its interval; null where it could not be computed. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Measured(
      String name,
      double value,
      @Nullable Double lower,
      @Nullable Double upper,
      double confidence) {
    static Measured of(MeasuredMetric metric) {
      var interval = metric.interval();
      return new Measured(
          metric.metric().key(),
          metric.value(),
          interval == null ? null : interval.lower(),
          interval == null ? null : interval.upper(),
          metric.confidence());
    }
  }

  static Evaluation of(EvaluationJob job, Outcome outcome, Instant now) {
    return switch (outcome) {
      case Outcome.Evaluated done ->
          new Evaluation(
              job.modelName(),
              job.version(),
              job.requestId(),
              job.runId(),
              "EVALUATED",
              done.verdict(),
              done.rows(),
              job.championVersion(),
              done.metrics().stream().map(Measured::of).toList(),
              done.gates(),
              null,
              null,
              now);
      case Outcome.Failed failed ->
          new Evaluation(
              job.modelName(),
              job.version(),
              job.requestId(),
              job.runId(),
              "FAILED",
              null,
              null,
              job.championVersion(),
              List.of(),
              List.of(),
              failed.reason().code(),
              failed.message(),
              now);
    };
  }

  boolean scored() {
    return status.equals("EVALUATED");
  }
}
