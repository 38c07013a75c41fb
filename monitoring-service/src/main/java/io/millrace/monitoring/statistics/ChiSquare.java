package io.millrace.monitoring.statistics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import smile.math.special.Gamma;

/**
 * Pearson's chi-square test of homogeneity on a 2 x k table of counts: do both samples have the
 * same shares? Unlike a test of goodness of fit it counts the sampling error of the reference, too.
 * No continuity correction. Columns of zeros are left out; with fewer than two columns left the
 * samples are alike: statistic 0, p 1. The tail of the distribution is Smile's regularized
 * incomplete gamma function.
 */
public final class ChiSquare {

  /** Expected count below which the approximation is not trusted (Cochran 1954). */
  public static final double LEAST_EXPECTED = 5;

  private ChiSquare() {}

  /**
   * The test on the table as it is.
   *
   * @throws IllegalArgumentException where a sample is empty or the lengths differ
   */
  public static TestResult homogeneity(long[] reference, long[] current) {
    check(reference, current);
    double n = Arrays.stream(reference).sum();
    double m = Arrays.stream(current).sum();
    double statistic = 0;
    int columns = 0;
    for (int k = 0; k < reference.length; k++) {
      double both = (double) reference[k] + current[k];
      if (both > 0) {
        columns++;
        double expected = both * n / (n + m);
        double expectedNow = both * m / (n + m);
        statistic +=
            (reference[k] - expected) * (reference[k] - expected) / expected
                + (current[k] - expectedNow) * (current[k] - expectedNow) / expectedNow;
      }
    }
    return columns < 2
        ? new TestResult(0, 1)
        : new TestResult(statistic, survival(statistic, columns - 1));
  }

  /**
   * The test after rare columns were put together, the rarest first, until each has an expected
   * count of at least {@link #LEAST_EXPECTED} in both samples or only one is left.
   */
  public static TestResult homogeneityPooled(long[] reference, long[] current) {
    check(reference, current);
    double n = Arrays.stream(reference).sum();
    double m = Arrays.stream(current).sum();
    double share = Math.min(n, m) / (n + m);
    List<Integer> byTotal =
        IntStream.range(0, reference.length)
            .boxed()
            .filter(k -> reference[k] + current[k] > 0)
            .sorted(Comparator.comparingLong(k -> reference[k] + current[k]))
            .toList();
    List<long[]> columns = new ArrayList<>();
    long[] pooled = new long[2];
    for (int k : byTotal) {
      long[] column = {reference[k], current[k]};
      boolean poolTooSmall =
          pooled[0] + pooled[1] > 0 && (pooled[0] + pooled[1]) * share < LEAST_EXPECTED;
      if (poolTooSmall || (column[0] + column[1]) * share < LEAST_EXPECTED) {
        pooled[0] += column[0];
        pooled[1] += column[1];
      } else {
        columns.add(column);
      }
    }
    if (pooled[0] + pooled[1] > 0) {
      columns.add(pooled);
    }
    return homogeneity(
        columns.stream().mapToLong(c -> c[0]).toArray(),
        columns.stream().mapToLong(c -> c[1]).toArray());
  }

  /** Probability that a chi-square variable exceeds x. */
  static double survival(double x, int degreesOfFreedom) {
    if (x <= 0) {
      return 1;
    }
    return Math.clamp(Gamma.regularizedUpperIncompleteGamma(degreesOfFreedom / 2.0, x / 2), 0, 1);
  }

  private static void check(long[] reference, long[] current) {
    if (reference.length != current.length) {
      throw new IllegalArgumentException(
          "%d and %d columns cannot be compared".formatted(reference.length, current.length));
    }
    if (Arrays.stream(reference).sum() < 1 || Arrays.stream(current).sum() < 1) {
      throw new IllegalArgumentException("a sample is empty");
    }
  }
}
