package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.mlflow.MlflowException;
import org.jspecify.annotations.Nullable;

/**
 * A run without what was logged to it.
 *
 * @param startTime milliseconds since 1970, 0 where the client gave none
 * @param endTime milliseconds since 1970; null while it has not ended
 * @param requestId training request it belongs to; null for a run of any MLflow client
 */
public record Run(
    RunId id,
    ExperimentId experimentId,
    String name,
    String userId,
    RunStatus status,
    long startTime,
    @Nullable Long endTime,
    String artifactUri,
    LifecycleStage stage,
    @Nullable String requestId) {

  /** Refuses to change a deleted run. */
  public Run requireActive() {
    if (stage != LifecycleStage.ACTIVE) {
      throw MlflowException.invalid(
          "The run %s must be in the 'active' state. Current state is %s."
              .formatted(id, stage.text()));
    }
    return this;
  }

  /** The same run after a client's update; what is null stays. */
  Run updated(@Nullable RunStatus newStatus, @Nullable Long newEndTime, @Nullable String newName) {
    return new Run(
        id,
        experimentId,
        newName == null ? name : newName,
        userId,
        newStatus == null ? status : newStatus,
        startTime,
        newEndTime == null ? endTime : newEndTime,
        artifactUri,
        stage,
        requestId);
  }
}
