package io.millrace.datasets;

import java.util.List;

/**
 * The columns of a dataset in file order. Its JSON form is {@code {"columns": [{"name", "kind",
 * "nullable", "distinct", "categories"}]}}.
 */
public record Schema(List<Column> columns) {

  /** Above this many distinct values a text column is {@link ColumnKind#TEXT}. */
  public static final int MAX_CATEGORIES = 1000;

  /** Up to this many distinct values an integer target is a set of classes, not a quantity. */
  public static final int MAX_CLASSES = 20;

  public Schema {
    columns = List.copyOf(columns);
  }

  /**
   * The column of that name.
   *
   * @throws DatasetException {@code MISSING_COLUMN}, naming the nearest column
   */
  public Column column(String name) {
    return columns.get(indexOf(name));
  }

  /**
   * The position of the column of that name.
   *
   * @throws DatasetException {@code MISSING_COLUMN}, naming the nearest column
   */
  public int indexOf(String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    List<String> names = names();
    throw new DatasetException(
        DatasetException.Code.MISSING_COLUMN,
        "the dataset has no column '%s'%s; its columns are %s"
            .formatted(
                name,
                NearestName.of(name, names).map(n -> " (did you mean '" + n + "'?)").orElse(""),
                abbreviated(names)));
  }

  /** All column names in file order. */
  public List<String> names() {
    return columns.stream().map(Column::name).toList();
  }

  /** The columns a model may be trained on: all but the target and free text. */
  public List<Column> features(String target) {
    indexOf(target);
    return columns.stream()
        .filter(c -> !c.name().equals(target) && c.kind() != ColumnKind.TEXT)
        .toList();
  }

  /**
   * What kind of task that target asks for: text, booleans and integers with at most {@link
   * #MAX_CLASSES} distinct values are classes, other numbers are quantities.
   *
   * @throws DatasetException {@code BAD_TARGET} for free text
   */
  public Task task(String target) {
    Column column = column(target);
    return switch (column.kind()) {
      case CATEGORICAL, BOOLEAN -> Task.CLASSIFICATION;
      case INTEGER -> column.distinct() <= MAX_CLASSES ? Task.CLASSIFICATION : Task.REGRESSION;
      case NUMERIC -> Task.REGRESSION;
      case TEXT ->
          throw new DatasetException(
              DatasetException.Code.BAD_TARGET,
              "the target '%s' is text with more than %d distinct values; name a column of classes or numbers"
                  .formatted(target, MAX_CATEGORIES));
    };
  }

  public String toJson() {
    return Json.write(this);
  }

  /**
   * @throws DatasetException {@code BAD_JSON}
   */
  public static Schema fromJson(String json) {
    return Json.read(json, Schema.class, "schema");
  }

  private static String abbreviated(List<String> names) {
    return names.size() <= 40
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, 40)) + " and " + (names.size() - 40) + " more";
  }
}
