package io.millrace.datasets;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * Whether one column alone tells the target: for numbers, each class (or the target itself, in
 * regression) follows the order of the column; for categories, each category has one target.
 */
final class Leakage {
  private final Table table;
  private final int target;
  private final boolean classification;
  private final int[] classes;

  Leakage(Table table, String target) {
    this.table = table;
    this.target = table.schema().indexOf(target);
    this.classification = table.schema().task(target) == Task.CLASSIFICATION;
    this.classes = classification ? table.classCodes(target) : new int[0];
  }

  boolean tells(int column) {
    Integer[] rows = new Integer[table.rows()];
    int n = 0;
    for (int row = 0; row < table.rows(); row++) {
      if (!table.isMissing(column, row) && !table.isMissing(target, row)) {
        rows[n++] = row;
      }
    }
    // A column that is mostly missing, or almost as varied as there are rows, tells nothing by
    // itself.
    if (n * 2 < table.rows() || n < 2) {
      return false;
    }
    Integer[] known = Arrays.copyOf(rows, n);
    if (!table.schema().columns().get(column).kind().isNumber()) {
      return table.schema().columns().get(column).distinct() * 2 <= n
          && oneTargetPerValue(column, known);
    }
    Arrays.sort(known, Comparator.comparingDouble(row -> table.value(column, row)));
    return classification ? classRuns(column, known) : monotone(column, known);
  }

  private boolean oneTargetPerValue(int column, Integer[] rows) {
    Map<Double, Double> targets = new HashMap<>();
    for (int row : rows) {
      Double earlier = targets.putIfAbsent(table.value(column, row), answer(row));
      if (earlier != null && earlier != answer(row)) {
        return false;
      }
    }
    return true;
  }

  /** Each class is one unbroken run of the sorted column, and no value belongs to two classes. */
  private boolean classRuns(int column, Integer[] sorted) {
    boolean[] finished = new boolean[table.schema().columns().get(target).distinct() + 1];
    for (int i = 1; i < sorted.length; i++) {
      int before = classes[sorted[i - 1]];
      int here = classes[sorted[i]];
      if (before != here) {
        finished[before] = true;
        boolean sameValue = table.value(column, sorted[i - 1]) == table.value(column, sorted[i]);
        if (finished[here] || sameValue) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean monotone(int column, Integer[] sorted) {
    int direction = 0;
    for (int i = 1; i < sorted.length; i++) {
      int step = Double.compare(answer(sorted[i]), answer(sorted[i - 1]));
      boolean sameValue = table.value(column, sorted[i - 1]) == table.value(column, sorted[i]);
      if (sameValue ? step != 0 : step == 0 || step * direction < 0) {
        return false;
      }
      direction = step == 0 ? direction : step;
    }
    return direction != 0;
  }

  private double answer(int row) {
    return classification ? classes[row] : table.value(target, row);
  }
}
