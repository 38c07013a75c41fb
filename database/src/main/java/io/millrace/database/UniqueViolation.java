package io.millrace.database;

/** A row with this key exists already. */
public final class UniqueViolation extends DatabaseFailure {

  private final String constraint;

  UniqueViolation(String message, String constraint, Throwable cause) {
    super(message, "23505", cause);
    this.constraint = constraint;
  }

  /** Name of the violated constraint or unique index. */
  public String constraint() {
    return constraint;
  }
}
