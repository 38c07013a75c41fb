package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.ProtoJson;

/**
 * One point of a metric.
 *
 * @param value may be NaN; infinities become the largest double of their sign, as in MLflow's store
 * @param timestamp milliseconds since 1970
 */
@ProtoJson
public record Metric(String key, double value, long timestamp, long step) {

  public Metric {
    if (Double.isInfinite(value)) {
      value = Math.copySign(Double.MAX_VALUE, value);
    }
  }
}
