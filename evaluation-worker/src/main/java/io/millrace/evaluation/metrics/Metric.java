package io.millrace.evaluation.metrics;

import io.millrace.datasets.Task;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is measured on the held-out rows. With two classes, the positive one is the second in class
 * order (text by code unit, numbers by value): {@code true} of false and true, 1 of 0 and 1, {@code
 * yes} of no and yes. With more, precision, recall and f1 are the unweighted means over the classes
 * that occur among the true or the predicted labels. A row's predicted class is the most probable
 * one, the first of equals.
 *
 * <p>Where a ratio has the denominator 0, precision, recall and f1 are 0, as in scikit-learn; the
 * other metrics are not given.
 */
public enum Metric {
  /** Share of rows whose predicted class is the true one. */
  ACCURACY(Task.CLASSIFICATION, true),
  /**
   * Mean over the classes that occur of the share of their rows that are recognised (Brodersen et
   * al. 2010, "The balanced accuracy and its posterior distribution").
   */
  BALANCED_ACCURACY(Task.CLASSIFICATION, true),
  /** Share of the rows predicted as positive that are: TP / (TP + FP). */
  PRECISION(Task.CLASSIFICATION, true),
  /** Share of the positive rows that are recognised: TP / (TP + FN). */
  RECALL(Task.CLASSIFICATION, true),
  /** Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). */
  F1(Task.CLASSIFICATION, true),
  /**
   * Area under the receiver operating characteristic: the chance that a positive row gets a higher
   * probability than a negative one, ties counting half, by ranks (Hanley and McNeil 1982, "The
   * meaning and use of the area under a ROC curve"). With more than two classes the unweighted mean
   * of one class against the rest. Not given where a class has no rows.
   */
  ROC_AUC(Task.CLASSIFICATION, true),
  /**
   * Mean of -ln of the probability given to the true class, after each row's probabilities were
   * made to add up to 1 and put into 2^-52 to 1 - 2^-52, as in scikit-learn.
   */
  LOG_LOSS(Task.CLASSIFICATION, false),
  /**
   * With two classes the mean of (p - y)^2 with p the probability of the positive class and y 1 or
   * 0, from 0 to 1; with more, the mean of the sum of (p_k - y_k)^2 over the classes, from 0 to 2
   * (Brier 1950, "Verification of forecasts expressed in terms of probability").
   */
  BRIER(Task.CLASSIFICATION, false),
  /** Root of the mean squared difference, in units of the target. */
  RMSE(Task.REGRESSION, false),
  /** Mean absolute difference, in units of the target. */
  MAE(Task.REGRESSION, false),
  /**
   * Coefficient of determination, 1 - sum (y - p)^2 / sum (y - mean y)^2: 1 is perfect, 0 is no
   * better than the mean of the held-out rows. Not given where all true values are equal.
   */
  R2(Task.REGRESSION, true);

  private final Task task;
  private final boolean higherIsBetter;

  Metric(Task task, boolean higherIsBetter) {
    this.task = task;
    this.higherIsBetter = higherIsBetter;
  }

  /** The name in events, gates and reports, for example {@code roc_auc}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /** The metric of that name, if there is one. */
  public static Optional<Metric> of(String key) {
    return Arrays.stream(values()).filter(metric -> metric.key().equals(key)).findFirst();
  }

  /** The metrics of a task, in the order they are reported in. */
  public static List<Metric> of(Task task) {
    return Arrays.stream(values()).filter(metric -> metric.task == task).toList();
  }
}
