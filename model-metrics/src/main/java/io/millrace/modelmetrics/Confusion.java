package io.millrace.modelmetrics;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** The metrics that follow from a confusion matrix. */
final class Confusion {
  private final int classes;
  private final long[][] counts;
  private final long[] actual;
  private final long[] predicted;

  /**
   * @param counts rows by true and predicted class
   */
  Confusion(long[][] counts) {
    this.classes = counts.length;
    this.counts = counts;
    this.actual = new long[classes];
    this.predicted = new long[classes];
    for (int t = 0; t < classes; t++) {
      for (int p = 0; p < classes; p++) {
        actual[t] += counts[t][p];
        predicted[p] += counts[t][p];
      }
    }
  }

  double accuracy() {
    long right = 0;
    for (int c = 0; c < classes; c++) {
      right += counts[c][c];
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
    return predicted[c] == 0 ? 0 : (double) counts[c][c] / predicted[c];
  }

  double recall(int c) {
    return actual[c] == 0 ? 0 : (double) counts[c][c] / actual[c];
  }

  double f1(int c) {
    long sum = actual[c] + predicted[c];
    return sum == 0 ? 0 : 2.0 * counts[c][c] / sum;
  }

  /** Of the positive class, or the mean over the classes that occur. */
  double mean(IntToDoubleFunction ofClass) {
    if (classes == 2) {
      return ofClass.applyAsDouble(1);
    }
    return IntStream.range(0, classes)
        .filter(c -> actual[c] + predicted[c] > 0)
        .mapToDouble(ofClass)
        .average()
        .orElse(Double.NaN);
  }
}
