package io.millrace.database;

import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL cannot be asked just now: refused, lost, out of connections or without an answer in
 * time. Trying again later makes sense: HTTP answers 503, event handlers wait.
 *
 * <p>Thrown by a commit, it leaves open whether the transaction took place; only work that can be
 * repeated safely (an inbox mark, an idempotency key) may be repeated.
 */
public final class DatabaseUnavailable extends RuntimeException {

  public DatabaseUnavailable(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
