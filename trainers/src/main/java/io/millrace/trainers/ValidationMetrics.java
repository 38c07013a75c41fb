package io.millrace.trainers;

import io.millrace.datasets.Task;
import io.millrace.modelmetrics.ClassificationPredictions;
import io.millrace.modelmetrics.LabelledPredictions;
import io.millrace.modelmetrics.Metric;
import io.millrace.modelmetrics.RegressionPredictions;
import io.millrace.modelpackage.Signature;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The metrics of the validation rows that trainers log, named {@code validation.} and the metric. A
 * metric that is not defined on the rows is left out, and so is every metric of a model that has
 * diverged and predicts {@code NaN}.
 */
public final class ValidationMetrics {
  private static final String PREFIX = "validation.";

  private ValidationMetrics() {}

  /**
   * Metrics after a step of the training: {@code accuracy} and {@code log_loss}, or {@code rmse}.
   *
   * @param predictions row after row the probabilities of the classes, or one value per row
   * @param targets per row the index of the class, or the quantity
   */
  public static Map<String, Double> ofStep(
      Signature signature, double[] predictions, double[] targets) {
    return measure(
        signature,
        predictions,
        targets,
        signature.task() == Task.CLASSIFICATION
            ? List.of(Metric.ACCURACY, Metric.LOG_LOSS)
            : List.of(Metric.RMSE));
  }

  /**
   * Metrics of the finished model: {@code accuracy}, {@code log_loss} and {@code roc_auc}, or
   * {@code rmse}, {@code mae} and {@code r2}. Parameters as for {@link #ofStep}.
   */
  public static Map<String, Double> ofModel(
      Signature signature, double[] predictions, double[] targets) {
    return measure(
        signature,
        predictions,
        targets,
        signature.task() == Task.CLASSIFICATION
            ? List.of(Metric.ACCURACY, Metric.LOG_LOSS, Metric.ROC_AUC)
            : List.of(Metric.RMSE, Metric.MAE, Metric.R2));
  }

  private static Map<String, Double> measure(
      Signature signature, double[] predictions, double[] targets, List<Metric> metrics) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (Arrays.stream(predictions).anyMatch(Double::isNaN)) {
      return values;
    }
    LabelledPredictions rows =
        signature.task() == Task.CLASSIFICATION
            ? new ClassificationPredictions(
                Arrays.stream(targets).mapToInt(target -> (int) target).toArray(),
                predictions,
                signature.classes().size())
            : new RegressionPredictions(targets, predictions);
    for (Metric metric : metrics) {
      double value = rows.measure(metric);
      if (Double.isFinite(value)) {
        values.put(PREFIX + metric.key(), value);
      }
    }
    return values;
  }
}
