package io.millrace.modelpackage;

import org.jspecify.annotations.Nullable;

/** Rows that do not fit a model's inputs; the message names the column and the row. */
public final class SignatureException extends RuntimeException {
  private final @Nullable String column;

  SignatureException(@Nullable String column, String message) {
    super(message);
    this.column = column;
  }

  /** The column at fault, or null where the rows as a whole are. */
  public @Nullable String column() {
    return column;
  }
}
