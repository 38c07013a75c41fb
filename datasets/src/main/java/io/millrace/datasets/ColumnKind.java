package io.millrace.datasets;

/** What the values of a column are, as inferred from all of its non-missing values. */
public enum ColumnKind {
  /** Decimal numbers. */
  NUMERIC,
  /** Whole numbers, written with or without a zero fraction, within +-2^53. */
  INTEGER,
  /** Text with at most {@link Schema#MAX_CATEGORIES} distinct values. */
  CATEGORICAL,
  /** Only {@code true} and {@code false}, in any letter case. */
  BOOLEAN,
  /**
   * Text with more distinct values than a category list holds, such as a name or an id: never a
   * feature.
   */
  TEXT;

  /** Whether values are numbers rather than entries of a category list. */
  public boolean isNumber() {
    return this == NUMERIC || this == INTEGER;
  }
}
