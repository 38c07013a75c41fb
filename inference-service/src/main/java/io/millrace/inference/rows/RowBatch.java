package io.millrace.inference.rows;

import io.millrace.datasets.ColumnKind;
import io.millrace.modelpackage.Feature;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one request in the model's column order. A missing value is {@code NaN}; a category the
 * model was not trained with is {@code NaN} for the model, too, and keeps its text for the log. Not
 * for use by several threads while it is filled.
 */
public final class RowBatch {

  /** Longest category text that is kept for the log; what is longer is cut. */
  static final int LOGGED_TEXT = 256;

  private static final Set<String> MISSING_TEXTS =
      Set.of("", "NA", "N/A", "NaN", "nan", "null", "NULL");

  private final Columns columns;
  private final int rows;
  private final double[] values;
  private final @Nullable String @Nullable [] texts;

  /** A batch of missing values. */
  public RowBatch(Columns columns, int rows) {
    this.columns = columns;
    this.rows = rows;
    this.values = new double[Math.multiplyExact(rows, columns.width())];
    Arrays.fill(values, Double.NaN);
    this.texts = columns.hasCategories() ? new String[values.length] : null;
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** The columns. */
  public Columns columns() {
    return columns;
  }

  /**
   * Sets a value from JSON.
   *
   * @param wholeOnly refuse a fraction in a column of whole numbers
   * @throws InvalidRows where the value does not fit the column
   */
  public void set(int row, int column, Cells cells, int cell, boolean wholeOnly) {
    Feature feature = columns.features().get(column);
    Cells.Kind kind = cells.kind(cell);
    if (kind == Cells.Kind.ABSENT) {
      throw new InvalidRows("row " + row + " has no value for column '" + feature.name() + "'");
    }
    if (kind == Cells.Kind.MISSING) {
      return;
    }
    switch (feature.kind()) {
      case NUMERIC, INTEGER -> {
        if (kind != Cells.Kind.WHOLE && kind != Cells.Kind.FRACTION) {
          throw wrong(feature, row, shown(cells, cell), "a number");
        }
        if (wholeOnly
            && feature.kind() == ColumnKind.INTEGER
            && cells.number(cell) != Math.rint(cells.number(cell))) {
          throw wrong(feature, row, shown(cells, cell), "a whole number");
        }
        number(row, column, cells.number(cell));
      }
      case BOOLEAN, CATEGORICAL -> text(row, column, shown(cells, cell));
      case TEXT -> throw wrong(feature, row, "free text", "a value this model can use");
    }
  }

  /**
   * Sets a value from text: a number, true or false, or a category. Blank, NA, NaN and null are
   * missing.
   *
   * @throws InvalidRows where the text does not fit the column
   */
  public void setText(int row, int column, String text) {
    Feature feature = columns.features().get(column);
    if (MISSING_TEXTS.contains(text.strip())) {
      return;
    }
    if (!feature.kind().isNumber()) {
      text(row, column, text);
      return;
    }
    double value;
    try {
      value = Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw wrong(feature, row, "'" + Columns.abbreviated(text) + "'", "a number");
    }
    number(row, column, value);
  }

  /** Sets a number. */
  private void number(int row, int column, double value) {
    if (Float.isInfinite((float) value)) {
      throw wrong(columns.features().get(column), row, value, "a finite 32-bit number");
    }
    values[row * columns.width() + column] = value;
  }

  /** The matrix a model takes: rows one after the other, 32 bits, {@code NaN} where missing. */
  public float[] matrix() {
    float[] matrix = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      matrix[i] = (float) values[i];
    }
    return matrix;
  }

  /** A value for the log: null, a {@link Double}, or the text of a category. */
  public @Nullable Object logged(int row, int column) {
    int at = row * columns.width() + column;
    if (texts != null && !columns.features().get(column).kind().isNumber()) {
      return texts[at];
    }
    return Double.isNaN(values[at]) ? null : (Object) values[at];
  }

  private void text(int row, int column, String text) {
    Feature feature = columns.features().get(column);
    int at = row * columns.width() + column;
    String kept = text;
    if (feature.kind() == ColumnKind.BOOLEAN) {
      kept =
          switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "1", "1.0" -> "true";
            case "false", "0", "0.0" -> "false";
            default ->
                throw wrong(feature, row, "'" + Columns.abbreviated(text) + "'", "true or false");
          };
      values[at] = kept.equals("true") ? 1 : 0;
    } else {
      int code = columns.code(column, text);
      values[at] = code < 0 ? Double.NaN : code;
    }
    if (texts != null) {
      texts[at] = kept.length() > LOGGED_TEXT ? kept.substring(0, LOGGED_TEXT) : kept;
    }
  }

  private static String shown(Cells cells, int cell) {
    return switch (cells.kind(cell)) {
      case WHOLE -> Long.toString((long) cells.number(cell));
      case FRACTION -> Double.toString(cells.number(cell));
      case TRUE -> "true";
      case FALSE -> "false";
      case TEXT -> cells.text(cell);
      case MISSING, ABSENT -> "";
    };
  }

  private static InvalidRows wrong(Feature feature, int row, Object value, String wanted) {
    return new InvalidRows(
        "column '%s', row %d: %s is not %s"
            .formatted(feature.name(), row, Columns.abbreviated(String.valueOf(value)), wanted));
  }

  /** Refuses a batch without rows or with too many. */
  public static int checkedRows(long rows, int most) {
    if (rows < 1) {
      throw new InvalidRows("there are no rows; send at least one");
    }
    if (rows > most) {
      throw new InvalidRows(
          "%d rows are more than the %d of a request; split them, or raise millrace.inference.max-rows"
              .formatted(rows, most));
    }
    return (int) rows;
  }
}
