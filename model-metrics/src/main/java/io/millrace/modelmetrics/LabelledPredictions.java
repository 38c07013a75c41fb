package io.millrace.modelmetrics;

import java.util.Arrays;
import java.util.List;

/**
 * The predictions of a model beside the true values of the same rows. Metrics are computed with an
 * integer weight per row, so that a bootstrap resample needs neither sorting nor copying.
 * Immutable; safe for use by many threads.
 */
public sealed interface LabelledPredictions
    permits ClassificationPredictions, RegressionPredictions {
  /** Number of rows, at least 1. */
  int rows();

  /** The metrics of the task, in the order of {@link #measure(int[])}. */
  List<Metric> metrics();

  /**
   * All metrics of the weighted rows.
   *
   * @param weights how often each row counts, 0 or more; one per row
   * @return one value per metric, {@code NaN} where it is not defined
   */
  double[] measure(int[] weights);

  /**
   * One metric of the rows, each counted once. Computes nothing that the metric does not need.
   *
   * @return {@code NaN} where it is not defined
   * @throws IllegalArgumentException where the metric belongs to the other task
   */
  double measure(Metric metric);

  /** For each row the stratum that it is resampled in, numbered from 0. */
  int[] strata();

  /** All metrics of the rows, each counted once. */
  default double[] measure() {
    return measure(ones(rows()));
  }

  /** A weight of 1 for every row. */
  static int[] ones(int rows) {
    int[] ones = new int[rows];
    Arrays.fill(ones, 1);
    return ones;
  }
}
