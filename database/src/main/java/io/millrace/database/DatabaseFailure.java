package io.millrace.database;

import org.jspecify.annotations.Nullable;

/** PostgreSQL refused a statement; trying the same again will not help. */
public class DatabaseFailure extends RuntimeException {

  private final String sqlState;

  DatabaseFailure(String message, @Nullable String sqlState, Throwable cause) {
    super(message, cause);
    this.sqlState = sqlState == null ? "" : sqlState;
  }

  /** The five-character SQLSTATE, empty where there is none. */
  public String sqlState() {
    return sqlState;
  }
}
