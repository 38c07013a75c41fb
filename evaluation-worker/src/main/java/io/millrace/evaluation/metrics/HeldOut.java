package io.millrace.evaluation.metrics;

import java.util.List;

/**
 * Rows with the truth and what a model said about them. Everything is measured with a weight per
 * row, the number of times it counts, so that a bootstrap resample costs no sorting and no copying.
 * Immutable; safe for use by many threads.
 */
public sealed interface HeldOut permits HeldOutClasses, HeldOutQuantities {
  /** Number of rows, at least 1. */
  int rows();

  /** What can be measured, in the order of {@link #measure}. */
  List<Metric> metrics();

  /**
   * The metrics of the weighted rows.
   *
   * @param weights 0 or more for each row
   * @return one value per metric, {@code NaN} where it is not defined
   */
  double[] measure(int[] weights);

  /** For each row the stratum that it is resampled in, numbered from 0. */
  int[] strata();

  /** The metrics of the rows as they are. */
  default double[] measure() {
    int[] ones = new int[rows()];
    java.util.Arrays.fill(ones, 1);
    return measure(ones);
  }
}
