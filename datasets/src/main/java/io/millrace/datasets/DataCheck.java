package io.millrace.datasets;

import org.jspecify.annotations.Nullable;

/**
 * The outcome of one check, on the whole dataset or on one column.
 *
 * @param check stable name, such as {@code missing-share}
 * @param column the column, or null where the check is about the whole dataset or passed everywhere
 * @param status the verdict
 * @param message one sentence with the numbers in it
 * @param value what was measured
 * @param threshold what it was compared with
 */
public record DataCheck(
    String check,
    @Nullable String column,
    Status status,
    String message,
    double value,
    double threshold) {

  /** The verdict of a check. */
  public enum Status {
    PASS,
    WARN,
    FAIL
  }
}
