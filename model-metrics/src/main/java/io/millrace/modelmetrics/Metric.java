package io.millrace.modelmetrics;

import io.millrace.datasets.Task;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A metric of predictions beside the true values, computed by {@link LabelledPredictions}. Where
 * scikit-learn has the metric, the value is scikit-learn's.
 *
 * <p>With two classes, the positive class is the second in class order (text by code unit, numbers
 * by value): {@code true} of false and true, 1 of 0 and 1, {@code yes} of no and yes. With more
 * classes, precision, recall and f1 are the unweighted means over the classes that occur among the
 * true or the predicted labels ("macro" in scikit-learn). The predicted class of a row is the most
 * probable one; of equally probable classes it is the first.
 *
 * <p>Where a ratio has the denominator 0, precision, recall and f1 are 0, as in scikit-learn; every
 * other metric is then not defined, and its value is {@code NaN}.
 */
public enum Metric {
  /** Share of the rows whose predicted class is the true class, 0 to 1. */
  ACCURACY(Task.CLASSIFICATION, true),
  /**
   * Mean recall over the classes that occur, 0 to 1 (Brodersen et al. 2010, "The balanced accuracy
   * and its posterior distribution").
   */
  BALANCED_ACCURACY(Task.CLASSIFICATION, true),
  /** Share of the rows predicted as positive that are positive: TP / (TP + FP), 0 to 1. */
  PRECISION(Task.CLASSIFICATION, true),
  /** Share of the positive rows that are predicted as positive: TP / (TP + FN), 0 to 1. */
  RECALL(Task.CLASSIFICATION, true),
  /** Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN), 0 to 1. */
  F1(Task.CLASSIFICATION, true),
  /**
   * Area under the receiver operating characteristic, 0 to 1: the probability that a random
   * positive row is ranked above a random negative one, ties counting half, computed by ranks
   * (Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve"). With more than
   * two classes, the unweighted mean of each class against the rest. Not defined where a class has
   * no rows.
   */
  ROC_AUC(Task.CLASSIFICATION, true),
  /**
   * Mean of -ln p, with p the probability of the true class; 0 or more, in nats. p is clamped to
   * [e, 1 - e] with e = 2^-52, the machine epsilon of the 64-bit probabilities, which is the rule
   * of scikit-learn's {@code log_loss}. A row therefore contributes at most 36.04.
   */
  LOG_LOSS(Task.CLASSIFICATION, false),
  /**
   * With two classes the mean of (p - y)^2, with p the probability of the positive class and y 1 or
   * 0; from 0 to 1. With more, the mean over the rows of the sum of (p_k - y_k)^2 over the classes
   * k; from 0 to 2 (Brier 1950, "Verification of forecasts expressed in terms of probability").
   */
  BRIER(Task.CLASSIFICATION, false),
  /** Root of the mean squared error, in units of the target. */
  RMSE(Task.REGRESSION, false),
  /** Mean absolute error, in units of the target. */
  MAE(Task.REGRESSION, false),
  /**
   * Coefficient of determination, 1 - sum (y - p)^2 / sum (y - mean y)^2: 1 is perfect, 0 equals
   * the constant prediction of the mean of these rows. Not defined where all true values are equal.
   */
  R2(Task.REGRESSION, true);

  private final Task task;
  private final boolean higherIsBetter;

  Metric(Task task, boolean higherIsBetter) {
    this.task = task;
    this.higherIsBetter = higherIsBetter;
  }

  /** The name in pipelines, events, runs and reports, for example {@code roc_auc}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether a larger value means a better model. */
  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /** The metric of that name. */
  public static Optional<Metric> of(String key) {
    return Arrays.stream(values()).filter(metric -> metric.key().equals(key)).findFirst();
  }

  /** The metrics of a task, in the order of reports. */
  public static List<Metric> of(Task task) {
    return Arrays.stream(values()).filter(metric -> metric.task == task).toList();
  }

  /** The names of all metrics. */
  public static List<String> keys() {
    return Arrays.stream(values()).map(Metric::key).toList();
  }
}
