package io.millrace.evaluation.intervals;

import io.millrace.modelmetrics.LabelledPredictions;
import io.millrace.modelmetrics.Metric;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Percentile intervals by the bootstrap (Efron and Tibshirani 1993, "An Introduction to the
 * Bootstrap", chapter 13): the rows are drawn with replacement, in each stratum as many as it has,
 * and the interval runs between the quantiles (1 - c) / 2 and (1 + c) / 2 of the metric over the
 * resamples. Equal rows and an equal seed give equal resamples, so that two models scored on the
 * same rows are compared in pairs.
 *
 * @param resamples how many, at least 1
 * @param confidence c, between 0 and 1
 * @param seed any number
 */
public record Bootstrap(int resamples, double confidence, long seed) {

  public Bootstrap {
    if (resamples < 1 || !(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "%d resamples at confidence %s; give at least 1 and between 0 and 1"
              .formatted(resamples, confidence));
    }
  }

  /**
   * An interval.
   *
   * @param lower not above {@code upper}
   */
  public record Interval(double lower, double upper) {}

  /** One model's metrics over the resamples. */
  public static final class Resampled {
    private final double[] estimates;
    private final double[][] values;
    private final List<Metric> metrics;

    private Resampled(List<Metric> metrics, double[] estimates, double[][] values) {
      this.metrics = metrics;
      this.estimates = estimates;
      this.values = values;
    }

    /** The metrics in order. */
    public List<Metric> metrics() {
      return metrics;
    }

    /** On the rows as they are; {@code NaN} where it is not defined. */
    public double estimate(Metric metric) {
      int at = metrics.indexOf(metric);
      return at < 0 ? Double.NaN : estimates[at];
    }
  }

  /** Draws the resamples and measures each. */
  public Resampled resample(LabelledPredictions rows) {
    int[][] strata = members(rows.strata());
    double[][] values = new double[rows.metrics().size()][resamples];
    int[] weights = new int[rows.rows()];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < resamples; i++) {
      Arrays.fill(weights, 0);
      for (int[] stratum : strata) {
        for (int n = 0; n < stratum.length; n++) {
          weights[stratum[random.nextInt(stratum.length)]]++;
        }
      }
      double[] measured = rows.measure(weights);
      for (int m = 0; m < measured.length; m++) {
        values[m][i] = measured[m];
      }
    }
    return new Resampled(rows.metrics(), rows.measure(), values);
  }

  /**
   * The interval of a metric; null where the metric is not defined or fewer than half of the
   * resamples defined it.
   */
  public @Nullable Interval interval(Resampled resampled, Metric metric) {
    int at = resampled.metrics.indexOf(metric);
    return at < 0 ? null : interval(resampled.values[at]);
  }

  /** The interval of how much higher the first model's metric is, pair by pair. */
  public @Nullable Interval difference(Resampled first, Resampled second, Metric metric) {
    int a = first.metrics.indexOf(metric);
    int b = second.metrics.indexOf(metric);
    if (a < 0 || b < 0) {
      return null;
    }
    double[] differences = new double[resamples];
    for (int i = 0; i < resamples; i++) {
      differences[i] = first.values[a][i] - second.values[b][i];
    }
    return interval(differences);
  }

  private @Nullable Interval interval(double[] values) {
    double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    if (sorted.length * 2 < values.length) {
      return null;
    }
    double tail = (1 - confidence) / 2;
    return new Interval(quantile(sorted, tail), quantile(sorted, 1 - tail));
  }

  /** Linear between the order statistics (definition 7 of Hyndman and Fan 1996). */
  static double quantile(double[] sorted, double q) {
    double position = q * (sorted.length - 1);
    int below = (int) Math.floor(position);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  private static int[][] members(int[] strata) {
    Map<Integer, int[]> counts = new HashMap<>();
    for (int stratum : strata) {
      counts.computeIfAbsent(stratum, _ -> new int[1])[0]++;
    }
    int[] keys = counts.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    int[][] members = new int[keys.length][];
    for (int k = 0; k < keys.length; k++) {
      int key = keys[k];
      members[k] =
          java.util.stream.IntStream.range(0, strata.length)
              .filter(row -> strata[row] == key)
              .toArray();
    }
    return members;
  }
}
