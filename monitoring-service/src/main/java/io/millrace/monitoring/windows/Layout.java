package io.millrace.monitoring.windows;

import io.millrace.datasets.CategoricalProfile;
import io.millrace.datasets.ColumnProfile;
import io.millrace.datasets.NumericProfile;
import io.millrace.datasets.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where each observation is counted: one array for all columns of a reference profile and the
 * prediction, each with a slot per bin or value (the last of a category column: any other value)
 * and one for missing. Arrays of one profile add up.
 */
final class Layout {

  /** Name of the model's output among the columns. */
  static final String PREDICTION = "prediction";

  private final List<Column> columns = new ArrayList<>();
  private final @Nullable Column prediction;
  private final int length;

  /** A column's place in the array. */
  static final class Column {
    private final String name;
    private final ColumnProfile reference;
    private final int offset;
    private final int bins;
    private final Map<String, Integer> values = new HashMap<>();

    Column(String name, ColumnProfile reference, int offset) {
      this.name = name;
      this.reference = reference;
      this.offset = offset;
      switch (reference) {
        case NumericProfile numeric -> this.bins = numeric.counts().size();
        case CategoricalProfile categories -> {
          categories.values().keySet().forEach(value -> values.put(value, values.size()));
          this.bins = values.size() + 1;
        }
      }
    }

    String name() {
      return name;
    }

    boolean numeric() {
      return reference instanceof NumericProfile;
    }

    /** Counts of the reference over the bins. */
    long[] reference() {
      return switch (reference) {
        case NumericProfile numeric ->
            numeric.counts().stream().mapToLong(Long::longValue).toArray();
        case CategoricalProfile categories -> {
          long[] counts = new long[bins];
          categories
              .values()
              .forEach((value, count) -> counts[values.getOrDefault(value, bins - 1)] = count);
          counts[bins - 1] = categories.other();
          yield counts;
        }
      };
    }

    /** Reference observations without a usable value. */
    long referenceMissing() {
      return reference.missing()
          + (reference instanceof NumericProfile numeric ? numeric.infinite() : 0);
    }

    long[] current(long[] counts) {
      return Arrays.copyOfRange(counts, offset, offset + bins);
    }

    long currentMissing(long[] counts) {
      return counts[offset + bins];
    }

    private int slot(@Nullable Object value) {
      int bin =
          switch (reference) {
            case NumericProfile numeric ->
                value instanceof Number number && Double.isFinite(number.doubleValue())
                    ? numeric.binOf(number.doubleValue())
                    : -1;
            case CategoricalProfile categories ->
                value == null ? -1 : values.getOrDefault(text(value), bins - 1);
          };
      return offset + (bin < 0 ? bins : bin);
    }

    private static String text(Object value) {
      return value instanceof Double number && number == Math.rint(number)
          ? Long.toString(number.longValue())
          : value.toString();
    }
  }

  Layout(Profile profile) {
    int offset = 0;
    for (ColumnProfile feature : profile.features()) {
      Column column = new Column(feature.name(), feature, offset);
      columns.add(column);
      offset += column.bins + 1;
    }
    ColumnProfile output = profile.prediction();
    if (output == null) {
      prediction = null;
    } else {
      prediction = new Column(PREDICTION, output, offset);
      columns.add(prediction);
      offset += prediction.bins + 1;
    }
    length = offset;
  }

  /** Length of the array. */
  int length() {
    return length;
  }

  /** The columns, the prediction last. */
  List<Column> columns() {
    return columns;
  }

  /**
   * Adds rows to counts.
   *
   * @param names names of the values of a row; a column that is not among them counts as missing
   */
  void add(
      long[] counts,
      List<String> names,
      List<? extends List<? extends @Nullable Object>> rows,
      List<? extends @Nullable Object> predictions) {
    int[] positions = new int[columns.size()];
    for (int c = 0; c < positions.length; c++) {
      positions[c] = names.indexOf(columns.get(c).name());
    }
    for (int r = 0; r < rows.size(); r++) {
      List<? extends @Nullable Object> row = rows.get(r);
      for (int c = 0; c < positions.length; c++) {
        Column column = columns.get(c);
        Object value;
        if (column == prediction) {
          value = r < predictions.size() ? predictions.get(r) : null;
        } else {
          value = positions[c] < 0 || positions[c] >= row.size() ? null : row.get(positions[c]);
        }
        counts[column.slot(value)]++;
      }
    }
  }
}
