package io.millrace.tracking.experiments;

import io.millrace.tracking.mlflow.MlflowException;
import java.util.SortedMap;

/**
 * An experiment.
 *
 * @param artifactLocation URI below which its runs keep their artifacts
 * @param created milliseconds since 1970
 * @param updated milliseconds since 1970 of the last rename, deletion or restoration
 */
public record Experiment(
    ExperimentId id,
    String name,
    String artifactLocation,
    LifecycleStage stage,
    long created,
    long updated,
    SortedMap<String, String> tags) {

  /** Refuses what only an experiment in use can take. */
  public void requireActive() {
    if (stage != LifecycleStage.ACTIVE) {
      throw MlflowException.invalid(
          "The experiment %s must be in the 'active' state. Current state is %s."
              .formatted(id, stage.text()));
    }
  }

  /** Where a run of it keeps its artifacts. */
  public String artifactUri(String runId) {
    return artifactLocation + "/" + runId + "/artifacts";
  }
}
