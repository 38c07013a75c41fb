package io.millrace.datasets;

import io.millrace.datasets.DatasetException.Code;
import java.util.List;
import java.util.Locale;

/**
 * A dataset in memory, column by column: {@code double[]} for numbers ({@code NaN} is missing),
 * {@code int[]} codes into {@link Column#categories()} for categories ({@link #MISSING} is
 * missing). Immutable by convention: the arrays handed out are the table's own and must not be
 * written.
 */
public final class Table {
  /** The code of a missing category. */
  public static final int MISSING = -1;

  private final Schema schema;
  private final int rows;
  private final List<Object> values;

  Table(Schema schema, int rows, List<Object> values) {
    this.schema = schema;
    this.rows = rows;
    this.values = values;
  }

  public Schema schema() {
    return schema;
  }

  public int rows() {
    return rows;
  }

  /** The values of a {@link ColumnKind#NUMERIC} or {@link ColumnKind#INTEGER} column. */
  public double[] numbers(String column) {
    return numbers(schema.indexOf(column));
  }

  /** The codes of a {@link ColumnKind#CATEGORICAL} or {@link ColumnKind#BOOLEAN} column. */
  public int[] codes(String column) {
    return codes(schema.indexOf(column));
  }

  /**
   * One value as a model sees it: the number, or the category's code, or {@code NaN} where missing.
   */
  public double value(int column, int row) {
    Object array = values.get(column);
    if (array instanceof double[] numbers) {
      return numbers[row];
    }
    int code = ((int[]) array)[row];
    return code == MISSING ? Double.NaN : code;
  }

  public boolean isMissing(int column, int row) {
    return Double.isNaN(value(column, row));
  }

  /**
   * One value as text, as a client would send it back; the empty string where missing. Whole
   * numbers have no fraction.
   */
  public String text(int column, int row) {
    if (isMissing(column, row)) {
      return "";
    }
    Column c = schema.columns().get(column);
    return switch (c.kind()) {
      case NUMERIC -> Double.toString(numbers(column)[row]);
      case INTEGER -> String.format(Locale.ROOT, "%.0f", numbers(column)[row]);
      case CATEGORICAL, BOOLEAN -> c.categories().get(codes(column)[row]);
      case TEXT -> "#" + codes(column)[row];
    };
  }

  /**
   * The target as classes: for each row the index into {@link #classes(String)}, {@link #MISSING}
   * where the target is missing.
   */
  public int[] classCodes(String target) {
    int index = schema.indexOf(target);
    if (!schema.columns().get(index).kind().isNumber()) {
      return codes(index);
    }
    List<String> classes = classes(target);
    double[] labels = classes.stream().mapToDouble(Double::parseDouble).toArray();
    double[] numbers = numbers(index);
    int[] codes = new int[rows];
    for (int r = 0; r < rows; r++) {
      int at = Double.isNaN(numbers[r]) ? -1 : java.util.Arrays.binarySearch(labels, numbers[r]);
      codes[r] = at < 0 ? MISSING : at;
    }
    return codes;
  }

  /** The class labels of a classification target, in the order of its codes. */
  public List<String> classes(String target) {
    if (schema.task(target) != Task.CLASSIFICATION) {
      throw new DatasetException(
          Code.BAD_TARGET, "the target '" + target + "' is a quantity, not a set of classes");
    }
    return schema.column(target).categories();
  }

  double[] numbers(int column) {
    if (values.get(column) instanceof double[] numbers) {
      return numbers;
    }
    throw wrongKind(column, "numbers");
  }

  int[] codes(int column) {
    if (values.get(column) instanceof int[] codes) {
      return codes;
    }
    throw wrongKind(column, "categories");
  }

  private DatasetException wrongKind(int column, String wanted) {
    Column c = schema.columns().get(column);
    return new DatasetException(
        Code.BAD_VALUE,
        "column '%s' holds %s, not %s"
            .formatted(c.name(), c.kind().name().toLowerCase(Locale.ROOT), wanted));
  }
}
