package io.millrace.datasets;

/**
 * A dataset that cannot be used as it is; the message says what is wrong, where, and how to mend
 * it.
 */
public final class DatasetException extends RuntimeException {

  /** Stable reasons, for programs. */
  public enum Code {
    NOT_FOUND,
    EMPTY_FILE,
    NO_ROWS,
    EMPTY_HEADER,
    DUPLICATE_COLUMN,
    RAGGED_ROW,
    NOT_UTF8,
    MALFORMED,
    MISSING_COLUMN,
    BAD_VALUE,
    BAD_TARGET,
    BAD_SPLIT,
    BAD_JSON
  }

  private final Code code;

  public DatasetException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public DatasetException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public Code code() {
    return code;
  }
}
