package io.millrace.tracking.loggedmodels;

import io.millrace.tracking.mlflow.ProtoJson;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import org.jspecify.annotations.Nullable;

/**
 * A point that a run measured with a logged model.
 *
 * @param datasetName data it was measured on; null where that was not said
 */
@ProtoJson
public record ModelMetric(
    String key,
    double value,
    long timestamp,
    long step,
    @Nullable String datasetName,
    @Nullable String datasetDigest,
    String modelId,
    String runId) {

  /** A point of a run, with what it says of the model and the data; empty texts say nothing. */
  public static ModelMetric of(
      RunId run, Metric point, String modelId, String datasetName, String datasetDigest) {
    return new ModelMetric(
        point.key(),
        point.value(),
        point.timestamp(),
        point.step(),
        nullIfEmpty(datasetName),
        nullIfEmpty(datasetDigest),
        modelId,
        run.value());
  }

  /** Points of the same key, measured on the same data. */
  record Series(String key, @Nullable String datasetName, @Nullable String datasetDigest) {}

  Series series() {
    return new Series(key, datasetName, datasetDigest);
  }

  private static @Nullable String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }
}
