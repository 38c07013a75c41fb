package io.millrace.evaluation.intervals;

import io.millrace.modelmetrics.Metric;
import org.jspecify.annotations.Nullable;

/**
 * A metric with its uncertainty.
 *
 * @param interval null where it could not be computed
 */
public record MeasuredMetric(
    Metric metric, double value, Bootstrap.@Nullable Interval interval, double confidence) {}
