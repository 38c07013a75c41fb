package io.millrace.modelpackage;

import io.millrace.datasets.Task;
import java.util.List;

/** What a model answered for some rows. Immutable by convention: the arrays must not be written. */
public final class Scores {
  private final List<String> classes;
  private final int rows;
  private final float[] values;

  /**
   * With classes, {@code values} holds a row of probabilities per row; without, one value per row.
   */
  Scores(List<String> classes, int rows, float[] values) {
    this.classes = classes;
    this.rows = rows;
    this.values = values;
  }

  public Task task() {
    return classes.isEmpty() ? Task.REGRESSION : Task.CLASSIFICATION;
  }

  public int rows() {
    return rows;
  }

  /** The labels in the order of the probabilities; empty for regression. */
  public List<String> classes() {
    return classes;
  }

  /** The probability of a class. */
  public float probability(int row, int classIndex) {
    return values[row * classes.size() + classIndex];
  }

  /** The probabilities of all classes, which add up to about 1. */
  public float[] probabilities(int row) {
    return java.util.Arrays.copyOfRange(values, row * classes.size(), (row + 1) * classes.size());
  }

  /** The index of the most probable class, the first of equals. */
  public int classIndex(int row) {
    int best = 0;
    for (int c = 1; c < classes.size(); c++) {
      if (probability(row, c) > probability(row, best)) {
        best = c;
      }
    }
    return best;
  }

  /** The most probable label. */
  public String label(int row) {
    return classes.get(classIndex(row));
  }

  /** The predicted quantity of a regression. */
  public float value(int row) {
    if (!classes.isEmpty()) {
      throw new IllegalStateException("a classification has probabilities, not a value");
    }
    return values[row];
  }

  /**
   * The number the reference profile calls score: with two classes the probability of the second,
   * with more that of the predicted one, for regression the value.
   */
  public float score(int row) {
    if (classes.isEmpty()) {
      return values[row];
    }
    return probability(row, classes.size() == 2 ? 1 : classIndex(row));
  }
}
