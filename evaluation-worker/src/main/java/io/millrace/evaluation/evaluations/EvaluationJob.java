package io.millrace.evaluation.evaluations;

import io.millrace.pipeline.Pipeline;
import org.jspecify.annotations.Nullable;

/**
 * Score one model version on its held-out rows.
 *
 * @param jobId the event that asked for it
 * @param requestId the flow it belongs to
 * @param content the dataset version's CSV file
 * @param champion the version that serves now; null where none does
 * @param pipelineJson the resolved pipeline, as it came
 */
record EvaluationJob(
    String jobId,
    String requestId,
    String runId,
    String modelName,
    int version,
    StoredFile modelPackage,
    StoredFile content,
    @Nullable Rival champion,
    Pipeline pipeline,
    String pipelineJson,
    String requestedBy) {

  /** The version to compare with. */
  record Rival(int version, StoredFile modelPackage) {}

  /** For messages: {@code breast-cancer version 3}. */
  String label() {
    return modelName + " version " + version;
  }

  @Nullable Integer championVersion() {
    return champion == null ? null : champion.version();
  }
}
