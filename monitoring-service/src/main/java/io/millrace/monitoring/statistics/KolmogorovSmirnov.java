package io.millrace.monitoring.statistics;

import java.util.Arrays;

/**
 * The two-sample, two-sided Kolmogorov-Smirnov test. The statistic is D, the largest difference
 * between the two empirical distribution functions.
 *
 * <p>On binned counts the functions are only known at the bin edges, so D can come out smaller than
 * on the raw values, never larger, and the p-value larger, never smaller: binning costs power and
 * raises no false alarm. The same holds for ties, for which the p-value is conservative.
 *
 * <p>p-value: exact where {@code n * m} is at most {@link #EXACT_LIMIT}, else the Kolmogorov limit
 * distribution at {@code (sqrt(e) + 0.12 + 0.11 / sqrt(e)) * D} with {@code e = n m / (n + m)}
 * (Stephens 1970, also in Press et al., Numerical Recipes, 14.3).
 */
public final class KolmogorovSmirnov {

  /** Largest product of sample sizes for which the exact p-value is computed. */
  public static final long EXACT_LIMIT = 1_000_000;

  private KolmogorovSmirnov() {}

  /**
   * The test on raw values.
   *
   * @throws IllegalArgumentException where a sample is empty or has a value that is not finite
   */
  public static TestResult test(double[] reference, double[] current) {
    double[] x = sorted(reference);
    double[] y = sorted(current);
    long n = x.length;
    long m = y.length;
    long largest = 0;
    int i = 0;
    int j = 0;
    while (i < x.length && j < y.length) {
      double at = Math.min(x[i], y[j]);
      while (i < x.length && x[i] == at) {
        i++;
      }
      while (j < y.length && y[j] == at) {
        j++;
      }
      largest = Math.max(largest, Math.abs(i * m - j * n));
    }
    return result(largest, n, m);
  }

  /**
   * The test on counts over the same ordered bins.
   *
   * @throws IllegalArgumentException where a sample is empty or the numbers of bins differ
   */
  public static TestResult testCounts(long[] reference, long[] current) {
    if (reference.length != current.length) {
      throw new IllegalArgumentException(
          "%d and %d bins cannot be compared".formatted(reference.length, current.length));
    }
    long n = Arrays.stream(reference).sum();
    long m = Arrays.stream(current).sum();
    if (n < 1 || m < 1) {
      throw new IllegalArgumentException("a sample is empty");
    }
    long largest = 0;
    long below = 0;
    long currentBelow = 0;
    for (int bin = 0; bin < reference.length; bin++) {
      below += reference[bin];
      currentBelow += current[bin];
      largest = Math.max(largest, Math.abs(below * m - currentBelow * n));
    }
    return result(largest, n, m);
  }

  private static TestResult result(long scaled, long n, long m) {
    double d = (double) scaled / ((double) n * m);
    double p = n <= EXACT_LIMIT / m ? exact(scaled, n, m) : stephens(d, n, m);
    return new TestResult(d, p);
  }

  /**
   * Probability that D is at least {@code scaled / (n m)} for two samples of one continuous
   * distribution. All orders of the pooled sample are equally likely; they are the lattice paths
   * from (0, 0) to (n, m), and D reaches the bound where a path leaves the band {@code |i m - j n|
   * < scaled}. The recurrence adds the shares of paths that have left it, so small probabilities
   * keep their relative precision (Hodges 1957; Kim and Jennrich 1973).
   */
  static double exact(long scaled, long n, long m) {
    if (scaled <= 0) {
      return 1;
    }
    int columns = (int) m;
    double[] left = new double[columns + 1];
    for (int j = 0; j <= columns; j++) {
      left[j] = (long) j * n >= scaled ? 1 : 0;
    }
    for (int i = 1; i <= n; i++) {
      left[0] = i * m >= scaled ? 1 : left[0];
      for (int j = 1; j <= columns; j++) {
        left[j] =
            Math.abs(i * m - j * n) >= scaled
                ? 1
                : (i * left[j] + j * left[j - 1]) / ((double) i + j);
      }
    }
    return Math.clamp(left[columns], 0, 1);
  }

  /** The asymptotic p-value with Stephens' correction for small samples. */
  static double stephens(double d, long n, long m) {
    double root = Math.sqrt((double) n * m / ((double) n + m));
    return survival((root + 0.12 + 0.11 / root) * d);
  }

  /** The asymptotic p-value without a correction. */
  static double limit(double d, long n, long m) {
    return survival(Math.sqrt((double) n * m / ((double) n + m)) * d);
  }

  /**
   * Survival function of the Kolmogorov distribution: {@code 2 sum (-1)^(k-1) exp(-2 k^2 x^2)}; for
   * small x, where that series alternates for long, by its theta-function twin.
   */
  static double survival(double x) {
    if (x <= 0) {
      return 1;
    }
    if (x < 1.18) {
      double y = Math.exp(-Math.PI * Math.PI / (8 * x * x));
      double sum = y + Math.pow(y, 9) + Math.pow(y, 25) + Math.pow(y, 49);
      return Math.clamp(1 - Math.sqrt(2 * Math.PI) / x * sum, 0, 1);
    }
    double sum = 0;
    for (int k = 1; k <= 4; k++) {
      double term = Math.exp(-2.0 * k * k * x * x);
      sum += k % 2 == 1 ? term : -term;
    }
    return Math.clamp(2 * sum, 0, 1);
  }

  private static double[] sorted(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a sample is empty");
    }
    double[] sorted = values.clone();
    for (double value : sorted) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("a sample has the value " + value);
      }
    }
    Arrays.sort(sorted);
    return sorted;
  }
}
