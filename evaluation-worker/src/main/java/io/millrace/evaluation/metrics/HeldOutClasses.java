package io.millrace.evaluation.metrics;

import io.millrace.datasets.Task;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Held-out rows of a classification. */
public final class HeldOutClasses implements HeldOut {
  private static final List<Metric> METRICS = Metric.of(Task.CLASSIFICATION);
  private static final double SMALLEST = Math.ulp(1.0);

  private final int classes;
  private final int[] truth;
  private final int[] predicted;
  private final double[] logLoss;
  private final double[] squaredError;
  private final List<Ranking> rankings;

  /**
   * @param truth for each row the index of its class
   * @param probabilities for each row one value per class, not negative; they need not add up to 1
   */
  public HeldOutClasses(int[] truth, double[][] probabilities) {
    if (truth.length == 0 || truth.length != probabilities.length) {
      throw new IllegalArgumentException(
          "%d labels and %d rows of probabilities".formatted(truth.length, probabilities.length));
    }
    this.classes = probabilities[0].length;
    if (classes < 2) {
      throw new IllegalArgumentException("a classification has at least 2 classes, not " + classes);
    }
    this.truth = truth.clone();
    this.predicted = new int[truth.length];
    this.logLoss = new double[truth.length];
    this.squaredError = new double[truth.length];
    double[][] normalised = new double[truth.length][];
    for (int row = 0; row < truth.length; row++) {
      double[] p = normalise(probabilities[row], row);
      normalised[row] = p;
      predicted[row] = largest(p);
      logLoss[row] = -Math.log(Math.clamp(p[truth[row]], SMALLEST, 1 - SMALLEST));
      squaredError[row] = squaredError(p, truth[row]);
    }
    this.rankings =
        classes == 2
            ? List.of(new Ranking(normalised, 1))
            : IntStream.range(0, classes).mapToObj(c -> new Ranking(normalised, c)).toList();
  }

  @Override
  public int rows() {
    return truth.length;
  }

  @Override
  public List<Metric> metrics() {
    return METRICS;
  }

  /** The classes, so that every resample has as many rows of each as the held-out rows have. */
  @Override
  public int[] strata() {
    return truth.clone();
  }

  @Override
  public double[] measure(int[] weights) {
    long[][] confusion = new long[classes][classes];
    long total = 0;
    double loss = 0;
    double squares = 0;
    for (int row = 0; row < truth.length; row++) {
      int weight = weights[row];
      if (weight > 0) {
        confusion[truth[row]][predicted[row]] += weight;
        total += weight;
        loss += weight * logLoss[row];
        squares += weight * squaredError[row];
      }
    }
    Counts counts = new Counts(confusion);
    double[] values = new double[metrics().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (metrics().get(i)) {
            case ACCURACY -> counts.accuracy();
            case BALANCED_ACCURACY -> counts.balancedAccuracy();
            case PRECISION -> counts.mean(counts::precision);
            case RECALL -> counts.mean(counts::recall);
            case F1 -> counts.mean(counts::f1);
            case ROC_AUC -> rocAuc(weights);
            case LOG_LOSS -> loss / total;
            case BRIER -> squares / total;
            case RMSE, MAE, R2 -> throw new IllegalStateException("not of a classification");
          };
    }
    return values;
  }

  private double rocAuc(int[] weights) {
    double sum = 0;
    for (Ranking ranking : rankings) {
      sum += ranking.area(weights);
    }
    return sum / rankings.size();
  }

  private double squaredError(double[] p, int label) {
    if (classes == 2) {
      double off = p[1] - label;
      return off * off;
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double off = p[c] - (c == label ? 1 : 0);
      sum += off * off;
    }
    return sum;
  }

  private double[] normalise(double[] p, int row) {
    double sum = Arrays.stream(p).sum();
    if (p.length != classes || !(sum > 0) || Double.isInfinite(sum)) {
      throw new IllegalArgumentException(
          "row %d: %s are not the probabilities of %d classes"
              .formatted(row, Arrays.toString(p), classes));
    }
    return Arrays.stream(p).map(value -> value / sum).toArray();
  }

  private static int largest(double[] p) {
    int best = 0;
    for (int c = 1; c < p.length; c++) {
      if (p[c] > p[best]) {
        best = c;
      }
    }
    return best;
  }

  /** The rows sorted once by the probability of a class, in runs of equal probability. */
  private final class Ranking {
    private final int positive;
    private final int[] order;
    private final boolean[] endsRun;

    Ranking(double[][] p, int positive) {
      this.positive = positive;
      this.order =
          IntStream.range(0, p.length)
              .boxed()
              .sorted(Comparator.comparingDouble(row -> p[row][positive]))
              .mapToInt(Integer::intValue)
              .toArray();
      this.endsRun = new boolean[order.length];
      for (int i = 0; i < order.length; i++) {
        endsRun[i] = i + 1 == order.length || p[order[i]][positive] < p[order[i + 1]][positive];
      }
    }

    double area(int[] weights) {
      double wins = 0;
      long negativesBelow = 0;
      long positives = 0;
      long runPositives = 0;
      long runNegatives = 0;
      for (int i = 0; i < order.length; i++) {
        int row = order[i];
        if (truth[row] == positive) {
          runPositives += weights[row];
        } else {
          runNegatives += weights[row];
        }
        if (endsRun[i]) {
          wins += runPositives * (negativesBelow + runNegatives / 2.0);
          negativesBelow += runNegatives;
          positives += runPositives;
          runPositives = 0;
          runNegatives = 0;
        }
      }
      return wins / ((double) positives * negativesBelow);
    }
  }

  /** What follows from how often each class was taken for each. */
  private final class Counts {
    private final long[][] confusion;
    private final long[] actual = new long[classes];
    private final long[] answered = new long[classes];

    Counts(long[][] confusion) {
      this.confusion = confusion;
      for (int t = 0; t < classes; t++) {
        for (int p = 0; p < classes; p++) {
          actual[t] += confusion[t][p];
          answered[p] += confusion[t][p];
        }
      }
    }

    double accuracy() {
      long right = 0;
      for (int c = 0; c < classes; c++) {
        right += confusion[c][c];
      }
      return (double) right / Arrays.stream(actual).sum();
    }

    double balancedAccuracy() {
      double sum = 0;
      int present = 0;
      for (int c = 0; c < classes; c++) {
        if (actual[c] > 0) {
          sum += recall(c);
          present++;
        }
      }
      return sum / present;
    }

    double precision(int c) {
      return answered[c] == 0 ? 0 : (double) confusion[c][c] / answered[c];
    }

    double recall(int c) {
      return actual[c] == 0 ? 0 : (double) confusion[c][c] / actual[c];
    }

    double f1(int c) {
      return actual[c] + answered[c] == 0 ? 0 : 2.0 * confusion[c][c] / (actual[c] + answered[c]);
    }

    /** Of the positive class, or the mean over the classes that occur. */
    double mean(java.util.function.IntToDoubleFunction ofClass) {
      if (classes == 2) {
        return ofClass.applyAsDouble(1);
      }
      return IntStream.range(0, classes)
          .filter(c -> actual[c] + answered[c] > 0)
          .mapToDouble(ofClass)
          .average()
          .orElse(Double.NaN);
    }
  }
}
