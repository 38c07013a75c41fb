package io.millrace.datasets;

import java.util.List;

/**
 * One column of a dataset.
 *
 * @param name the header name, unique in its schema
 * @param kind what the values are
 * @param nullable whether at least one value was missing
 * @param distinct distinct non-missing values, counted exactly up to {@link Schema#MAX_CATEGORIES};
 *     one more than that means "more"
 * @param categories the values of a {@link ColumnKind#CATEGORICAL} or {@link ColumnKind#BOOLEAN}
 *     column, and of an {@link ColumnKind#INTEGER} one with at most {@link Schema#MAX_CLASSES}
 *     distinct values, in code order: text by Unicode code unit, integers by value. Empty
 *     otherwise.
 */
public record Column(
    String name, ColumnKind kind, boolean nullable, int distinct, List<String> categories) {

  public Column {
    categories = List.copyOf(categories);
  }

  /** The code of a category, or -1 where the column does not have it. */
  public int codeOf(String value) {
    return categories.indexOf(
        kind == ColumnKind.BOOLEAN ? value.toLowerCase(java.util.Locale.ROOT) : value);
  }
}
