package io.millrace.datasets;

import io.millrace.datasets.DataCheck.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The checks a dataset passes before a model is trained on it.
 *
 * <table>
 * <caption>Checks and thresholds</caption>
 * <tr><th>check</th><th>warns</th><th>fails</th></tr>
 * <tr><td>row-count: rows with a target</td><td></td><td>under 20 *</td></tr>
 * <tr><td>target-missing: share of rows without a target</td><td>above 0</td><td>above 5 %</td></tr>
 * <tr><td>target-values: distinct values of the target</td><td></td><td>under 2 *</td></tr>
 * <tr><td>split-classes: classes in each part</td><td>a class is not in validation or test</td>
 *     <td>a class is not in training, or one class only, or an empty part *</td></tr>
 * <tr><td>features: columns a model can use</td><td>free text is left out</td><td>none *</td></tr>
 * <tr><td>all-missing: columns without any value</td><td></td><td>any</td></tr>
 * <tr><td>missing-share: of a column's values</td><td>above 5 %</td><td>above 50 %</td></tr>
 * <tr><td>infinite-values: in a column</td><td></td><td>any</td></tr>
 * <tr><td>constant-column</td><td>any</td><td></td></tr>
 * <tr><td>duplicate-rows: share of rows equal to an earlier one</td><td>above 5 %</td><td>above 50 %</td></tr>
 * <tr><td>target-leakage: a column that alone tells the target</td><td>any</td><td></td></tr>
 * </table>
 *
 * <p>Checks marked * fail at the level {@code lenient} too; there the others only warn.
 */
public final class DataChecks {
  private static final int MIN_ROWS = 20;
  private static final double TARGET_MISSING_FAIL = 0.05;
  private static final double MISSING_WARN = 0.05;
  private static final double MISSING_FAIL = 0.5;
  private static final double DUPLICATE_WARN = 0.05;
  private static final double DUPLICATE_FAIL = 0.5;

  private final Table table;
  private final String target;
  private final Split.Assignment parts;
  private final Split split;
  private final CheckLevel level;
  private final List<Column> columns;
  private final List<DataCheck> results = new ArrayList<>();

  private DataChecks(Table table, String target, Split split, CheckLevel level) {
    this.table = table;
    this.target = target;
    this.split = split;
    this.parts = split.assign(table, target);
    this.level = level;
    this.columns = table.schema().columns();
  }

  /**
   * Runs all checks.
   *
   * @throws DatasetException where the target column does not exist or cannot be a target
   */
  public static DataCheckReport run(Table table, String target, Split split, CheckLevel level) {
    table.schema().task(target);
    if (level == CheckLevel.OFF) {
      return new DataCheckReport(level.key(), table.rows(), true, List.of());
    }
    return new DataChecks(table, target, split, level).report();
  }

  private DataCheckReport report() {
    int usable = rowCount();
    targetMissing(usable);
    targetValues();
    splitClasses();
    features();
    perColumn();
    duplicateRows();
    targetLeakage();
    results.sort(Comparator.comparing(DataCheck::status).reversed());
    boolean passed = results.stream().noneMatch(c -> c.status() == Status.FAIL);
    return new DataCheckReport(level.key(), table.rows(), passed, results);
  }

  private int rowCount() {
    int index = table.schema().indexOf(target);
    int usable = 0;
    for (int row = 0; row < table.rows(); row++) {
      usable += table.isMissing(index, row) ? 0 : 1;
    }
    add(
        "row-count",
        null,
        usable < MIN_ROWS ? Status.FAIL : Status.PASS,
        "%d rows have a target, at least %d are needed".formatted(usable, MIN_ROWS),
        usable,
        MIN_ROWS);
    return usable;
  }

  private void targetMissing(int usable) {
    double share = 1 - (double) usable / table.rows();
    Status status =
        share > TARGET_MISSING_FAIL ? soft() : usable < table.rows() ? Status.WARN : Status.PASS;
    add(
        "target-missing",
        status == Status.PASS ? null : target,
        status,
        "%s of the rows have no target '%s' and are left out".formatted(percent(share), target),
        share,
        TARGET_MISSING_FAIL);
  }

  private void targetValues() {
    int distinct = table.schema().column(target).distinct();
    add(
        "target-values",
        distinct < 2 ? target : null,
        distinct < 2 ? Status.FAIL : Status.PASS,
        "the target '%s' has %s distinct values, at least 2 are needed"
            .formatted(
                target,
                distinct > Schema.MAX_CATEGORIES ? "over " + Schema.MAX_CATEGORIES : distinct),
        distinct,
        2);
  }

  private void splitClasses() {
    boolean classification = table.schema().task(target) == Task.CLASSIFICATION;
    int classes = classification ? table.classes(target).size() : 1;
    int needed = classification ? 2 : 1;
    int[] codes = classification ? table.classCodes(target) : new int[table.rows()];
    boolean fine = true;
    for (Part part : Part.values()) {
      if (part != Part.TRAIN && share(part) == 0) {
        continue;
      }
      int[] rows = parts.rows(part);
      Set<Integer> present = new HashSet<>();
      Arrays.stream(rows).forEach(row -> present.add(codes[row]));
      String name = part.name().toLowerCase(Locale.ROOT);
      if (present.size() < needed || (part == Part.TRAIN && present.size() < classes)) {
        fine = false;
        add(
            "split-classes",
            target,
            Status.FAIL,
            rows.length == 0
                ? "the %s part of the split is empty; give more rows or a larger share"
                    .formatted(name)
                : "the %s part (%d rows) has %d of %d classes; give more rows, a larger share or stratify"
                    .formatted(name, rows.length, present.size(), classes),
            present.size(),
            part == Part.TRAIN ? Math.max(needed, classes) : needed);
      } else if (present.size() < classes) {
        fine = false;
        add(
            "split-classes",
            target,
            Status.WARN,
            "the %s part (%d rows) has %d of %d classes"
                .formatted(name, rows.length, present.size(), classes),
            present.size(),
            classes);
      }
    }
    if (fine) {
      add(
          "split-classes",
          null,
          Status.PASS,
          classification ? "every part has all %d classes".formatted(classes) : "no part is empty",
          classes,
          needed);
    }
  }

  private double share(Part part) {
    return switch (part) {
      case TRAIN -> split.train();
      case VALIDATION -> split.validation();
      case TEST -> split.test();
    };
  }

  private void features() {
    int usable = table.schema().features(target).size();
    add(
        "features",
        null,
        usable == 0 ? Status.FAIL : Status.PASS,
        "%d columns can be features".formatted(usable),
        usable,
        1);
    for (Column column : columns) {
      if (column.kind() == ColumnKind.TEXT) {
        add(
            "features",
            column.name(),
            Status.WARN,
            "'%s' is text with more than %d distinct values and is not used"
                .formatted(column.name(), Schema.MAX_CATEGORIES),
            column.distinct(),
            Schema.MAX_CATEGORIES);
      }
    }
  }

  private void perColumn() {
    double worst = 0;
    int empty = 0;
    int constant = 0;
    int infinite = 0;
    boolean missingFine = true;
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i).name();
      if (name.equals(target)) {
        continue;
      }
      int missing = 0;
      int endless = 0;
      for (int row = 0; row < table.rows(); row++) {
        double value = table.value(i, row);
        missing += Double.isNaN(value) ? 1 : 0;
        endless += Double.isInfinite(value) ? 1 : 0;
      }
      double share = (double) missing / table.rows();
      if (missing == table.rows()) {
        empty++;
        add("all-missing", name, soft(), "'%s' has no values at all".formatted(name), 1, 1);
      } else {
        worst = Math.max(worst, share);
        if (share > MISSING_WARN) {
          missingFine = false;
          add(
              "missing-share",
              name,
              share > MISSING_FAIL ? soft() : Status.WARN,
              "%s of '%s' is missing".formatted(percent(share), name),
              share,
              share > MISSING_FAIL ? MISSING_FAIL : MISSING_WARN);
        }
        if (columns.get(i).distinct() == 1) {
          constant++;
          add(
              "constant-column",
              name,
              Status.WARN,
              "'%s' has one value only and tells a model nothing".formatted(name),
              1,
              2);
        }
      }
      if (endless > 0) {
        infinite++;
        add(
            "infinite-values",
            name,
            soft(),
            "'%s' has %d infinite values".formatted(name, endless),
            endless,
            0);
      }
    }
    passWhen(empty == 0, "all-missing", "every column has values", 0, 1);
    passWhen(
        missingFine,
        "missing-share",
        "at most %s of a column is missing".formatted(percent(worst)),
        worst,
        MISSING_WARN);
    passWhen(constant == 0, "constant-column", "no column is constant", 0, 0);
    passWhen(infinite == 0, "infinite-values", "no value is infinite", 0, 0);
  }

  private void duplicateRows() {
    Set<RowKey> seen = new HashSet<>();
    int duplicates = 0;
    for (int row = 0; row < table.rows(); row++) {
      duplicates += seen.add(RowKey.of(table, row)) ? 0 : 1;
    }
    double share = (double) duplicates / table.rows();
    Status status =
        share > DUPLICATE_FAIL ? soft() : share > DUPLICATE_WARN ? Status.WARN : Status.PASS;
    add(
        "duplicate-rows",
        null,
        status,
        "%d rows (%s) equal an earlier row".formatted(duplicates, percent(share)),
        share,
        status == Status.FAIL ? DUPLICATE_FAIL : DUPLICATE_WARN);
  }

  private void targetLeakage() {
    boolean found = false;
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      if (!column.name().equals(target)
          && column.kind() != ColumnKind.TEXT
          && column.distinct() > 1
          && new Leakage(table, target).tells(i)) {
        found = true;
        add(
            "target-leakage",
            column.name(),
            Status.WARN,
            "'%s' alone tells '%s'; make sure that it is known at the time of a prediction"
                .formatted(column.name(), target),
            1,
            1);
      }
    }
    passWhen(!found, "target-leakage", "no column alone tells the target", 0, 1);
  }

  private void passWhen(boolean passed, String check, String message, double value, double limit) {
    if (passed) {
      add(check, null, Status.PASS, message, value, limit);
    }
  }

  private Status soft() {
    return level == CheckLevel.STRICT ? Status.FAIL : Status.WARN;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", share * 100);
  }

  private void add(
      String check,
      @org.jspecify.annotations.Nullable String column,
      Status status,
      String message,
      double value,
      double threshold) {
    results.add(new DataCheck(check, column, status, message, value, threshold));
  }

  /** Two 64-bit hashes of a row: enough to tell rows apart without holding them. */
  private record RowKey(long first, long second) {
    static RowKey of(Table table, int row) {
      long a = 0xcbf29ce484222325L;
      long b = 0x9E3779B97F4A7C15L;
      for (int i = 0; i < table.schema().columns().size(); i++) {
        long bits = Double.doubleToLongBits(table.value(i, row));
        a = (a ^ bits) * 0x100000001b3L;
        b = (Long.rotateLeft(b, 17) ^ bits) * 0xD1342543DE82EF95L;
        a ^= a >>> 29;
        b ^= b >>> 31;
      }
      return new RowKey(a, b);
    }
  }
}
