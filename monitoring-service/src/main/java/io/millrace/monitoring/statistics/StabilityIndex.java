package io.millrace.monitoring.statistics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The population stability index: {@code sum (q - p) ln(q / p)} over bins, p the reference's share,
 * q the current one, each at least {@link #FLOOR} and not normalised again.
 *
 * <p>It is shown, never decided by: where nothing has changed its expectation is about {@code (k -
 * 1)(1/n + 1/m)} for k bins, which alone passes the customary 0.1 for small samples, and a single
 * row in a bin that the reference never had adds much by the floor's doing.
 */
public final class StabilityIndex {

  /** Smallest share. */
  public static final double FLOOR = 1e-4;

  private static final double LEAST_SHARE = 0.1;

  private StabilityIndex() {}

  /**
   * The index over the bins as they are.
   *
   * @throws IllegalArgumentException where a sample is empty or the lengths differ
   */
  public static double of(long[] reference, long[] current) {
    if (reference.length != current.length) {
      throw new IllegalArgumentException(
          "%d and %d bins cannot be compared".formatted(reference.length, current.length));
    }
    double n = Arrays.stream(reference).sum();
    double m = Arrays.stream(current).sum();
    if (n < 1 || m < 1) {
      throw new IllegalArgumentException("a sample is empty");
    }
    double sum = 0;
    for (int k = 0; k < reference.length; k++) {
      double p = Math.max(reference[k] / n, FLOOR);
      double q = Math.max(current[k] / m, FLOOR);
      sum += (q - p) * Math.log(q / p);
    }
    return sum;
  }

  /** The index after neighbouring bins were joined until each has a tenth of the reference. */
  public static double ofTenths(long[] reference, long[] current) {
    double n = Arrays.stream(reference).sum();
    List<long[]> joined = new ArrayList<>();
    long[] open = new long[2];
    for (int k = 0; k < reference.length; k++) {
      open[0] += reference[k];
      open[1] += current[k];
      if (open[0] >= n * LEAST_SHARE) {
        joined.add(open);
        open = new long[2];
      }
    }
    if (open[0] + open[1] > 0) {
      if (joined.isEmpty()) {
        joined.add(open);
      } else {
        joined.getLast()[0] += open[0];
        joined.getLast()[1] += open[1];
      }
    }
    return of(
        joined.stream().mapToLong(b -> b[0]).toArray(),
        joined.stream().mapToLong(b -> b[1]).toArray());
  }
}
