package io.millrace.database;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Statements on one connection, for one thread. Parameters are positional, `$1` to `$n`; null is
 * allowed and typed by PostgreSQL from its place in the statement (see {@link #nullOf} where it
 * cannot); arrays are Java arrays (`String[]`, `Long[]`, `Double[]`, `UUID[]`, `Instant[]`, ...)
 * for `unnest($1::text[])` or `= any($1)`; JSON is a string with a `::jsonb` cast.
 *
 * <p>Every method throws {@link DatabaseUnavailable}, {@link UniqueViolation} or {@link
 * DatabaseFailure}. After either of the last two a transaction can only be rolled back.
 */
public interface Tx {

  /** Runs a statement and returns the number of rows it changed. */
  long update(String sql, @Nullable Object... args);

  /**
   * Runs a query and returns all rows. The mapper runs on a network thread: it must not block, and
   * the row is gone when it returns.
   */
  <T> List<T> query(String sql, Function<Row, T> mapper, @Nullable Object... args);

  /**
   * Runs a query for at most one row.
   *
   * @throws IllegalStateException if there are more
   */
  <T> Optional<T> queryOne(String sql, Function<Row, T> mapper, @Nullable Object... args);

  /**
   * Runs something once the transaction is committed, on the same thread; not if it is rolled back.
   * Outside a transaction it runs at once. A hint only: a process may end between the two.
   */
  void afterCommit(Runnable hint);

  /** A null of a given Java type, where PostgreSQL cannot infer the parameter's type. */
  static Object nullOf(Class<?> type) {
    return new TypedNull(type);
  }

  /** A typed null. */
  record TypedNull(Class<?> type) {}
}
