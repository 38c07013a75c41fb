package io.millrace.modelmetrics;

import io.millrace.datasets.Task;
import java.util.List;

/** Predicted quantities beside the true ones. */
public final class RegressionPredictions implements LabelledPredictions {
  private static final List<Metric> METRICS = Metric.of(Task.REGRESSION);

  private final double[] truth;
  private final double[] predicted;

  /**
   * @param truth the true values, at least one
   * @param predicted the predictions of the same rows; a {@code NaN} makes every metric {@code NaN}
   * @throws IllegalArgumentException where there are no rows, or not as many of both
   */
  public RegressionPredictions(double[] truth, double[] predicted) {
    if (truth.length == 0 || truth.length != predicted.length) {
      throw new IllegalArgumentException(
          "%d true and %d predicted values; give as many of both, and at least one"
              .formatted(truth.length, predicted.length));
    }
    this.truth = truth.clone();
    this.predicted = predicted.clone();
  }

  @Override
  public int rows() {
    return truth.length;
  }

  @Override
  public List<Metric> metrics() {
    return METRICS;
  }

  /** One stratum: quantities have no classes. */
  @Override
  public int[] strata() {
    return new int[truth.length];
  }

  @Override
  public double[] measure(int[] weights) {
    Sums sums = sums(weights);
    return METRICS.stream().mapToDouble(sums::value).toArray();
  }

  @Override
  public double measure(Metric metric) {
    return sums(LabelledPredictions.ones(truth.length)).value(metric);
  }

  private Sums sums(int[] weights) {
    double total = 0;
    double sum = 0;
    for (int row = 0; row < truth.length; row++) {
      total += weights[row];
      sum += weights[row] * truth[row];
    }
    double mean = sum / total;
    double squares = 0;
    double absolute = 0;
    double spread = 0;
    for (int row = 0; row < truth.length; row++) {
      double error = predicted[row] - truth[row];
      squares += weights[row] * error * error;
      absolute += weights[row] * Math.abs(error);
      spread += weights[row] * (truth[row] - mean) * (truth[row] - mean);
    }
    return new Sums(total, squares, absolute, spread);
  }

  /**
   * Sums over the weighted rows.
   *
   * @param spread of (y - mean y)^2
   */
  private record Sums(double total, double squares, double absolute, double spread) {
    double value(Metric metric) {
      return switch (metric) {
        case RMSE -> Math.sqrt(squares / total);
        case MAE -> absolute / total;
        case R2 -> spread > 0 ? 1 - squares / spread : Double.NaN;
        case ACCURACY, BALANCED_ACCURACY, PRECISION, RECALL, F1, ROC_AUC, LOG_LOSS, BRIER ->
            throw new IllegalArgumentException(
                metric.key() + " is a metric of classes, not of quantities");
      };
    }
  }
}
