package io.millrace.tracking.metrics;

import io.millrace.tracking.mlflow.ProtoJson;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;

/** A point with the run it is of. */
@ProtoJson
record RunMetric(String key, double value, long timestamp, long step, String runId) {

  static RunMetric of(RunId run, Metric point) {
    return new RunMetric(point.key(), point.value(), point.timestamp(), point.step(), run.value());
  }
}
