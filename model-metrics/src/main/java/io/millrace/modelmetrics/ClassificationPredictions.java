package io.millrace.modelmetrics;

import io.millrace.datasets.Task;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Predicted probabilities of classes beside the true classes. */
public final class ClassificationPredictions implements LabelledPredictions {
  private static final List<Metric> METRICS = Metric.of(Task.CLASSIFICATION);

  /** Machine epsilon of a 64-bit number, the distance from 1 to the next: scikit-learn's clamp. */
  private static final double EPSILON = Math.ulp(1.0);

  /** Rounding of 32-bit probabilities; a larger difference means values that are not scaled. */
  private static final double SUM_TOLERANCE = 1e-6;

  private final int classes;
  private final int[] truth;
  private final double[] probabilities;
  private final int[] predicted;

  /** By row, so that a resample only weighs and adds. */
  private final double[] logLoss;

  private final double[] squaredError;

  /** Sorted only where the area is asked for: a trainer measures without it after every step. */
  private volatile @Nullable List<Ranking> rankings;

  /**
   * @param truth for each row the index of its class
   * @param probabilities row after row one value per class, 0 or more; a row whose sum is not 1 is
   *     scaled to it
   * @param classes number of classes, at least 2
   * @throws IllegalArgumentException where there are no rows, the sizes differ, or the values of a
   *     row are not probabilities
   */
  public ClassificationPredictions(int[] truth, double[] probabilities, int classes) {
    if (classes < 2) {
      throw new IllegalArgumentException("a classification has at least 2 classes, not " + classes);
    }
    if (truth.length == 0 || (long) truth.length * classes != probabilities.length) {
      throw new IllegalArgumentException(
          "%d labels and %d probabilities of %d classes"
              .formatted(truth.length, probabilities.length, classes));
    }
    this.classes = classes;
    this.truth = truth.clone();
    this.probabilities = probabilities.clone();
    this.predicted = new int[truth.length];
    this.logLoss = new double[truth.length];
    this.squaredError = new double[truth.length];
    for (int row = 0; row < truth.length; row++) {
      if (truth[row] < 0 || truth[row] >= classes) {
        throw new IllegalArgumentException(
            "row %d: there is no class %d of %d".formatted(row, truth[row], classes));
      }
      normalise(row);
      predicted[row] = mostProbable(row);
      logLoss[row] = -Math.log(Math.clamp(probability(row, truth[row]), EPSILON, 1 - EPSILON));
      squaredError[row] = squaredError(row);
    }
  }

  @Override
  public int rows() {
    return truth.length;
  }

  @Override
  public List<Metric> metrics() {
    return METRICS;
  }

  /** The true classes, so that every resample has as many rows of each class as these rows. */
  @Override
  public int[] strata() {
    return truth.clone();
  }

  @Override
  public double[] measure(int[] weights) {
    Confusion confusion = confusion(weights);
    return METRICS.stream().mapToDouble(metric -> value(metric, weights, confusion)).toArray();
  }

  @Override
  public double measure(Metric metric) {
    int[] ones = LabelledPredictions.ones(truth.length);
    return value(metric, ones, confusion(ones));
  }

  private double value(Metric metric, int[] weights, Confusion confusion) {
    return switch (metric) {
      case ACCURACY -> confusion.accuracy();
      case BALANCED_ACCURACY -> confusion.balancedAccuracy();
      case PRECISION -> confusion.mean(confusion::precision);
      case RECALL -> confusion.mean(confusion::recall);
      case F1 -> confusion.mean(confusion::f1);
      case ROC_AUC ->
          rankings().stream().mapToDouble(r -> r.area(weights)).sum() / rankings().size();
      case LOG_LOSS -> mean(logLoss, weights);
      case BRIER -> mean(squaredError, weights);
      case RMSE, MAE, R2 ->
          throw new IllegalArgumentException(
              metric.key() + " is a metric of quantities, not of classes");
    };
  }

  private static double mean(double[] ofRows, int[] weights) {
    double sum = 0;
    long total = 0;
    for (int row = 0; row < weights.length; row++) {
      sum += weights[row] * ofRows[row];
      total += weights[row];
    }
    return sum / total;
  }

  private double probability(int row, int c) {
    return probabilities[row * classes + c];
  }

  private double squaredError(int row) {
    if (classes == 2) {
      double error = probability(row, 1) - truth[row];
      return error * error;
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double error = probability(row, c) - (c == truth[row] ? 1 : 0);
      sum += error * error;
    }
    return sum;
  }

  /**
   * Rows that sum to 1 but for rounding stay as they are: dividing each by its own sum would tell
   * equal probabilities of different rows apart, which {@code roc_auc} counts as ties.
   */
  private void normalise(int row) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += probability(row, c);
    }
    if (!(sum > 0) || Double.isInfinite(sum)) {
      throw new IllegalArgumentException(
          "row %d: %s are not the probabilities of %d classes"
              .formatted(
                  row,
                  Arrays.toString(
                      Arrays.copyOfRange(probabilities, row * classes, (row + 1) * classes)),
                  classes));
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      for (int c = 0; c < classes; c++) {
        probabilities[row * classes + c] /= sum;
      }
    }
  }

  private int mostProbable(int row) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (probability(row, c) > probability(row, best)) {
        best = c;
      }
    }
    return best;
  }

  private List<Ranking> rankings() {
    List<Ranking> present = rankings;
    if (present == null) {
      // Two threads may both sort; the results are equal.
      present =
          classes == 2
              ? List.of(new Ranking(1))
              : IntStream.range(0, classes).mapToObj(Ranking::new).toList();
      rankings = present;
    }
    return present;
  }

  private Confusion confusion(int[] weights) {
    long[][] counts = new long[classes][classes];
    for (int row = 0; row < truth.length; row++) {
      counts[truth[row]][predicted[row]] += weights[row];
    }
    return new Confusion(counts);
  }

  /** The rows sorted once by the probability of a class, in runs of equal probability. */
  private final class Ranking {
    private final int positive;
    private final int[] order;
    private final boolean[] endsRun;

    Ranking(int positive) {
      this.positive = positive;
      this.order =
          IntStream.range(0, truth.length)
              .boxed()
              .sorted(Comparator.comparingDouble(row -> probability(row, positive)))
              .mapToInt(Integer::intValue)
              .toArray();
      this.endsRun = new boolean[order.length];
      for (int i = 0; i < order.length; i++) {
        endsRun[i] =
            i + 1 == order.length
                || probability(order[i], positive) < probability(order[i + 1], positive);
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
}
