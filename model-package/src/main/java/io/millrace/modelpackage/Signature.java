package io.millrace.modelpackage;

import io.millrace.datasets.NearestName;
import io.millrace.datasets.Schema;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How rows of named values become the float matrix a model takes, row after row, one column per
 * feature. A missing value ({@code null}, blank text, {@code NaN}) becomes {@code NaN}, and so does
 * a category the model was not trained with; columns the model does not know are ignored.
 * Immutable.
 *
 * @param task what the model predicts
 * @param features the inputs in order
 * @param classes the labels in the order of the probabilities; empty for regression
 */
public record Signature(Task task, List<Feature> features, List<String> classes) {

  public Signature {
    features = List.copyOf(features);
    classes = List.copyOf(classes);
  }

  /** The number of columns of the matrix. */
  public int width() {
    return features.size();
  }

  /** The feature names in order. */
  public List<String> names() {
    return features.stream().map(Feature::name).toList();
  }

  /**
   * Encodes rows given as name to value.
   *
   * @throws SignatureException where a feature is absent from a row or its value does not fit
   */
  public float[] encodeRows(List<? extends Map<String, ? extends @Nullable Object>> rows) {
    float[] matrix = new float[rows.size() * width()];
    for (int r = 0; r < rows.size(); r++) {
      Map<String, ? extends @Nullable Object> row = rows.get(r);
      for (int f = 0; f < width(); f++) {
        Feature feature = features.get(f);
        if (!row.containsKey(feature.name())) {
          throw absent(feature.name(), row.keySet(), " in row " + r);
        }
        matrix[r * width() + f] = encode(feature, row.get(feature.name()), r);
      }
    }
    return matrix;
  }

  /**
   * Encodes rows of values in the order of the given column names.
   *
   * @throws SignatureException where a feature has no column, a row has too few values or a value
   *     does not fit
   */
  public float[] encodeMatrix(
      List<String> columns, List<? extends List<? extends @Nullable Object>> rows) {
    int[] positions = new int[width()];
    for (int f = 0; f < width(); f++) {
      positions[f] = columns.indexOf(features.get(f).name());
      if (positions[f] < 0) {
        throw absent(features.get(f).name(), columns, "");
      }
    }
    float[] matrix = new float[rows.size() * width()];
    for (int r = 0; r < rows.size(); r++) {
      List<? extends @Nullable Object> row = rows.get(r);
      if (row.size() != columns.size()) {
        throw new SignatureException(
            null, "row %d has %d values for %d columns".formatted(r, row.size(), columns.size()));
      }
      for (int f = 0; f < width(); f++) {
        matrix[r * width() + f] = encode(features.get(f), row.get(positions[f]), r);
      }
    }
    return matrix;
  }

  /**
   * Encodes columns of equal length given by name.
   *
   * @throws SignatureException where a feature has no column, lengths differ or a value does not
   *     fit
   */
  public float[] encodeColumns(Map<String, ? extends List<? extends @Nullable Object>> columns) {
    int rows = columns.isEmpty() ? 0 : columns.values().iterator().next().size();
    float[] matrix = new float[rows * width()];
    for (int f = 0; f < width(); f++) {
      Feature feature = features.get(f);
      List<? extends @Nullable Object> values = columns.get(feature.name());
      if (values == null) {
        throw absent(feature.name(), columns.keySet(), "");
      }
      if (values.size() != rows) {
        throw new SignatureException(
            feature.name(),
            "column '%s' has %d values where others have %d"
                .formatted(feature.name(), values.size(), rows));
      }
      for (int r = 0; r < rows; r++) {
        matrix[r * width() + f] = encode(feature, values.get(r), r);
      }
    }
    return matrix;
  }

  /**
   * Encodes rows of a table, whose categories may have other codes than the model's.
   *
   * @throws SignatureException where the table lacks a feature or has it as text for a number
   */
  public float[] encode(Table table, int[] rows) {
    Schema schema = table.schema();
    float[] matrix = new float[rows.length * width()];
    for (int f = 0; f < width(); f++) {
      Feature feature = features.get(f);
      if (!schema.names().contains(feature.name())) {
        throw absent(feature.name(), schema.names(), "");
      }
      int column = schema.indexOf(feature.name());
      boolean sameCodes =
          feature.kind().isNumber()
              ? schema.columns().get(column).kind().isNumber()
              : schema.columns().get(column).categories().equals(feature.categories())
                  && !schema.columns().get(column).kind().isNumber();
      for (int r = 0; r < rows.length; r++) {
        matrix[r * width() + f] =
            sameCodes
                ? finite(feature, table.value(column, rows[r]), r)
                : encode(feature, table.text(column, rows[r]), r);
      }
    }
    return matrix;
  }

  private SignatureException absent(String name, Collection<String> given, String where) {
    return new SignatureException(
        name,
        "column '%s' is missing%s%s"
            .formatted(
                name,
                where,
                NearestName.of(name, given).map(n -> " (is '" + n + "' meant?)").orElse("")));
  }

  private static float encode(Feature feature, @Nullable Object value, int row) {
    if (value == null || (value instanceof String text && text.isBlank())) {
      return Float.NaN;
    }
    return switch (feature.kind()) {
      case NUMERIC, INTEGER -> number(feature, value, row);
      case BOOLEAN -> bool(feature, value, row);
      case CATEGORICAL -> category(feature, value, row);
      case TEXT -> throw wrong(feature, value, row, "a value this model can use");
    };
  }

  private static float number(Feature feature, Object value, int row) {
    if (value instanceof Number number) {
      return finite(feature, number.doubleValue(), row);
    }
    if (value instanceof String text) {
      try {
        return finite(feature, Double.parseDouble(text.strip()), row);
      } catch (NumberFormatException e) {
        throw wrong(feature, value, row, "a number");
      }
    }
    throw wrong(feature, value, row, "a number");
  }

  private static float bool(Feature feature, Object value, int row) {
    String text = value.toString().toLowerCase(Locale.ROOT);
    return switch (text) {
      case "true", "1", "1.0" -> 1;
      case "false", "0", "0.0" -> 0;
      case "nan" -> Float.NaN;
      default -> throw wrong(feature, value, row, "true or false");
    };
  }

  private static float category(Feature feature, Object value, int row) {
    if (value instanceof Collection<?> || value instanceof Map<?, ?>) {
      throw wrong(feature, value, row, "text");
    }
    int code = Collections.binarySearch(feature.categories(), value.toString());
    return code < 0 ? Float.NaN : code;
  }

  private static float finite(Feature feature, double value, int row) {
    float narrow = (float) value;
    if (Float.isInfinite(narrow)) {
      throw wrong(feature, value, row, "a finite 32-bit number");
    }
    return narrow;
  }

  private static SignatureException wrong(Feature feature, Object value, int row, String wanted) {
    String shown = value.toString();
    return new SignatureException(
        feature.name(),
        "column '%s', row %d: %s is not %s"
            .formatted(
                feature.name(),
                row,
                value instanceof String
                    ? "'" + (shown.length() > 40 ? shown.substring(0, 40) + "..." : shown) + "'"
                    : shown.length() > 40 ? shown.substring(0, 40) + "..." : shown,
                wanted));
  }
}
