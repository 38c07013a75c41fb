package io.millrace.inference.rows;

/** Rows a model cannot take; the message names the column and row and says what is expected. */
public final class InvalidRows extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InvalidRows(String message) {
    super(message, null, false, false);
  }
}
