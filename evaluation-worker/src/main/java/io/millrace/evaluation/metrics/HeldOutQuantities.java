package io.millrace.evaluation.metrics;

import io.millrace.datasets.Task;
import java.util.List;

/** Held-out rows of a regression. */
public final class HeldOutQuantities implements HeldOut {
  private static final List<Metric> METRICS = Metric.of(Task.REGRESSION);

  private final double[] truth;
  private final double[] predicted;

  /**
   * @param truth the true values
   * @param predicted what the model said, one value a row
   */
  public HeldOutQuantities(double[] truth, double[] predicted) {
    if (truth.length == 0 || truth.length != predicted.length) {
      throw new IllegalArgumentException(
          "%d true values and %d predicted ones".formatted(truth.length, predicted.length));
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
      double off = predicted[row] - truth[row];
      squares += weights[row] * off * off;
      absolute += weights[row] * Math.abs(off);
      spread += weights[row] * (truth[row] - mean) * (truth[row] - mean);
    }
    double[] values = new double[METRICS.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (METRICS.get(i)) {
            case RMSE -> Math.sqrt(squares / total);
            case MAE -> absolute / total;
            case R2 -> spread > 0 ? 1 - squares / spread : Double.NaN;
            case ACCURACY, BALANCED_ACCURACY, PRECISION, RECALL, F1, ROC_AUC, LOG_LOSS, BRIER ->
                throw new IllegalStateException("not of a regression");
          };
    }
    return values;
  }
}
