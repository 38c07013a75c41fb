package io.millrace.datasets;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The distribution of a numeric column.
 *
 * <p>With edges {@code e0 < e1 < ... < ek-1} there are k+1 bins: {@code (-inf, e0]}, {@code (e0,
 * e1]}, ..., {@code (ek-1, +inf)}. The first and the last bin lie outside the range of the
 * observations the edges were made from, so they are empty in a reference and catch what is new,
 * also for a column that was constant. Edges lie halfway between neighbouring distinct values: a
 * value that went through a 32-bit float on its way falls into the bin it came from.
 *
 * @param name the column
 * @param count finite observations; the sum of {@code counts}
 * @param missing observations without a value
 * @param infinite observations of plus or minus infinity, which are in no bin
 * @param mean mean of the finite observations, 0 where there are none
 * @param std their standard deviation with divisor count, 0 where there are none
 * @param min the smallest, 0 where there are none
 * @param max the largest, 0 where there are none
 * @param edges bin edges, ascending, at most {@link #MAX_BINS} - 1
 * @param counts observations per bin, one more than edges
 */
public record NumericProfile(
    String name,
    long count,
    long missing,
    long infinite,
    double mean,
    double std,
    double min,
    double max,
    List<Double> edges,
    List<Long> counts)
    implements ColumnProfile {

  /** Bins of a profile at most, the two outer ones included. */
  public static final int MAX_BINS = 64;

  private static final double OUTER_SLACK = 1e-6;

  public NumericProfile {
    edges = List.copyOf(edges);
    counts = List.copyOf(counts);
    if (counts.size() != edges.size() + 1) {
      throw new IllegalArgumentException(
          "profile of '%s': %d edges need %d counts, not %d"
              .formatted(name, edges.size(), edges.size() + 1, counts.size()));
    }
    for (int i = 1; i < edges.size(); i++) {
      if (!(edges.get(i - 1) < edges.get(i))) {
        throw new IllegalArgumentException("profile of '" + name + "': edges must ascend");
      }
    }
  }

  /** Makes equal-frequency bins from the values and counts them; {@code NaN} is missing. */
  public static NumericProfile of(String name, double[] values) {
    return counted(name, edges(values), values);
  }

  /** Counts other values over this profile's bins; {@code NaN} is missing. */
  public NumericProfile recount(double... values) {
    return counted(name, edges, values);
  }

  /** The bin of a finite value, from 0. */
  public int binOf(double value) {
    int low = 0;
    int high = edges.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (value <= edges.get(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  NumericProfile plus(NumericProfile other) {
    if (!edges.equals(other.edges)) {
      throw new IllegalArgumentException(
          "profiles of '" + name + "' over different bins cannot be added");
    }
    List<Long> sums = new ArrayList<>();
    for (int i = 0; i < counts.size(); i++) {
      sums.add(counts.get(i) + other.counts.get(i));
    }
    long n = count + other.count;
    if (n == 0) {
      return new NumericProfile(
          name, 0, missing + other.missing, infinite + other.infinite, 0, 0, 0, 0, edges, sums);
    }
    double delta = other.mean - mean;
    double newMean = mean + delta * other.count / n;
    // Chan, Golub, LeVeque: sums of squared deviations of two samples combine exactly.
    double squares =
        std * std * count
            + other.std * other.std * other.count
            + delta * delta * ((double) count * other.count / n);
    double newMin = count == 0 ? other.min : other.count == 0 ? min : Math.min(min, other.min);
    double newMax = count == 0 ? other.max : other.count == 0 ? max : Math.max(max, other.max);
    return new NumericProfile(
        name,
        n,
        missing + other.missing,
        infinite + other.infinite,
        newMean,
        Math.sqrt(squares / n),
        newMin,
        newMax,
        edges,
        sums);
  }

  private static NumericProfile counted(String name, List<Double> edges, double[] values) {
    NumericProfile bins =
        new NumericProfile(
            name, 0, 0, 0, 0, 0, 0, 0, edges, java.util.Collections.nCopies(edges.size() + 1, 0L));
    long[] counts = new long[edges.size() + 1];
    long n = 0;
    long missing = 0;
    long infinite = 0;
    double mean = 0;
    double squares = 0;
    double min = 0;
    double max = 0;
    for (double value : values) {
      if (Double.isNaN(value)) {
        missing++;
      } else if (Double.isInfinite(value)) {
        infinite++;
      } else {
        n++;
        double delta = value - mean;
        mean += delta / n;
        squares += delta * (value - mean);
        min = n == 1 ? value : Math.min(min, value);
        max = n == 1 ? value : Math.max(max, value);
        counts[bins.binOf(value)]++;
      }
    }
    return new NumericProfile(
        name,
        n,
        missing,
        infinite,
        mean,
        n == 0 ? 0 : Math.sqrt(squares / n),
        min,
        max,
        edges,
        Arrays.stream(counts).boxed().toList());
  }

  private static List<Double> edges(double[] values) {
    double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    if (sorted.length == 0) {
      return List.of();
    }
    double min = sorted[0];
    double max = sorted[sorted.length - 1];
    double slack = Math.max(1e-12, OUTER_SLACK * Math.max(Math.abs(min), Math.abs(max)));
    List<Double> edges = new ArrayList<>();
    edges.add(min - slack);
    double[] distinct = Arrays.stream(sorted).distinct().toArray();
    int inner = MAX_BINS - 2;
    if (distinct.length <= inner) {
      for (int i = 1; i < distinct.length; i++) {
        addEdge(edges, distinct[i - 1], distinct[i]);
      }
    } else {
      for (int i = 1; i < inner; i++) {
        int last = (int) ((long) i * sorted.length / inner) - 1;
        if (last < 0) {
          continue;
        }
        int at = Arrays.binarySearch(distinct, sorted[last]);
        if (at + 1 < distinct.length) {
          addEdge(edges, distinct[at], distinct[at + 1]);
        }
      }
    }
    if (max + slack > edges.getLast()) {
      edges.add(max + slack);
    }
    return edges;
  }

  private static void addEdge(List<Double> edges, double below, double above) {
    double middle = below / 2 + above / 2;
    double edge = middle > below && middle < above ? middle : below;
    if (edge > edges.getLast()) {
      edges.add(edge);
    }
  }
}
