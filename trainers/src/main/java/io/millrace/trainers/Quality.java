package io.millrace.trainers;

import io.millrace.datasets.Task;
import io.millrace.modelpackage.Signature;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** How good predictions are, as numbers. */
public final class Quality {
  private static final double SMALLEST = 1e-15;

  private Quality() {}

  /**
   * All metrics of the task: {@code accuracy}, {@code log_loss} and {@code roc_auc} (of the second
   * class; with more classes the mean of one against the rest), or {@code rmse}, {@code mae} and
   * {@code r2}. A metric that is not defined on these rows is left out.
   *
   * @param predictions a row of probabilities per row, or one value per row
   * @param targets the class index, or the quantity
   */
  public static Map<String, Double> of(
      Signature signature, double[] predictions, double[] targets) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    if (signature.task() == Task.CLASSIFICATION) {
      int classes = signature.classes().size();
      metrics.put("accuracy", accuracy(predictions, targets, classes));
      metrics.put("log_loss", logLoss(predictions, targets, classes));
      double auc = rocAuc(predictions, targets, classes);
      if (!Double.isNaN(auc)) {
        metrics.put("roc_auc", auc);
      }
    } else {
      metrics.put("rmse", rmse(predictions, targets));
      metrics.put(
          "mae",
          IntStream.range(0, targets.length)
              .mapToDouble(i -> Math.abs(predictions[i] - targets[i]))
              .average()
              .orElse(Double.NaN));
      double r2 = r2(predictions, targets);
      if (!Double.isNaN(r2)) {
        metrics.put("r2", r2);
      }
    }
    return metrics;
  }

  /** Share of rows whose most probable class (the first of equals) is the true one. */
  public static double accuracy(double[] probabilities, double[] targets, int classes) {
    int right = 0;
    for (int row = 0; row < targets.length; row++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        if (probabilities[row * classes + c] > probabilities[row * classes + best]) {
          best = c;
        }
      }
      right += best == (int) targets[row] ? 1 : 0;
    }
    return (double) right / targets.length;
  }

  /** Mean of -ln of the probability of the true class, probabilities kept above 1e-15. */
  public static double logLoss(double[] probabilities, double[] targets, int classes) {
    double sum = 0;
    for (int row = 0; row < targets.length; row++) {
      double p = probabilities[row * classes + (int) targets[row]];
      sum -= Math.log(Math.clamp(p, SMALLEST, 1));
    }
    return sum / targets.length;
  }

  /** Root of the mean squared error. */
  public static double rmse(double[] predictions, double[] targets) {
    return Math.sqrt(squares(predictions, targets) / targets.length);
  }

  private static double r2(double[] predictions, double[] targets) {
    double mean = Arrays.stream(targets).average().orElse(0);
    double spread = Arrays.stream(targets).map(t -> (t - mean) * (t - mean)).sum();
    return spread == 0 ? Double.NaN : 1 - squares(predictions, targets) / spread;
  }

  private static double squares(double[] predictions, double[] targets) {
    double sum = 0;
    for (int i = 0; i < targets.length; i++) {
      double error = predictions[i] - targets[i];
      sum += error * error;
    }
    return sum;
  }

  private static double rocAuc(double[] probabilities, double[] targets, int classes) {
    if (classes == 2) {
      return oneAgainstRest(probabilities, targets, 2, 1);
    }
    return IntStream.range(0, classes)
        .mapToDouble(c -> oneAgainstRest(probabilities, targets, classes, c))
        .filter(v -> !Double.isNaN(v))
        .average()
        .orElse(Double.NaN);
  }

  /** The Mann-Whitney form: the chance that a random positive ranks above a random negative. */
  private static double oneAgainstRest(
      double[] probabilities, double[] targets, int classes, int positive) {
    int n = targets.length;
    Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble(row -> probabilities[row * classes + positive]));
    double rankSum = 0;
    long positives = 0;
    for (int i = 0; i < n; ) {
      int j = i;
      long tied = 0;
      double score = probabilities[order[i] * classes + positive];
      while (j < n && probabilities[order[j] * classes + positive] == score) {
        tied += (int) targets[order[j]] == positive ? 1 : 0;
        j++;
      }
      rankSum += tied * ((i + 1 + j) / 2.0);
      positives += tied;
      i = j;
    }
    long negatives = n - positives;
    return positives == 0 || negatives == 0
        ? Double.NaN
        : (rankSum - positives * (positives + 1) / 2.0) / ((double) positives * negatives);
  }
}
