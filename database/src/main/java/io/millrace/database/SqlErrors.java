package io.millrace.database;

import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Turns what the driver throws into the three exceptions of this module. */
final class SqlErrors {

  /** Server shut down or starting, too many connections, unknown database or role as yet. */
  private static final Set<String> UNAVAILABLE =
      Set.of("57P01", "57P02", "57P03", "57P05", "53300", "3D000", "28000", "28P01", "25006");

  private static final Set<String> AGAIN = Set.of("40001", "40P01");

  private SqlErrors() {}

  /** True where the transaction lost against another and may simply be run again. */
  static boolean mayRunAgain(RuntimeException failure) {
    return failure instanceof DatabaseFailure refused && AGAIN.contains(refused.sqlState());
  }

  static RuntimeException translate(Throwable thrown, String address, @Nullable String sql) {
    Throwable cause = reactor.core.Exceptions.unwrap(thrown);
    if (cause instanceof DatabaseUnavailable || cause instanceof DatabaseFailure) {
      return (RuntimeException) cause;
    }
    if (cause instanceof InterruptedException) {
      return new DatabaseUnavailable("Interrupted while waiting for PostgreSQL.", cause);
    }
    if (cause instanceof TimeoutException || cause instanceof R2dbcTimeoutException) {
      String state = cause instanceof R2dbcException known ? known.getSqlState() : null;
      if (state == null) {
        return new DatabaseUnavailable(
            "PostgreSQL at " + address + " did not answer in time: " + cause.getMessage(), cause);
      }
    }
    if (cause instanceof R2dbcException refused) {
      String state = refused.getSqlState();
      if (unreachable(refused, state)) {
        return new DatabaseUnavailable(
            "PostgreSQL at " + address + " is unavailable: " + refused.getMessage(), refused);
      }
      String message = refused.getMessage() + (sql == null ? "" : " [" + oneLine(sql) + "]");
      if ("23505".equals(state)) {
        return new UniqueViolation(message, constraint(refused), refused);
      }
      return new DatabaseFailure(message, state, refused);
    }
    if (cause instanceof IOException) {
      return new DatabaseUnavailable(
          "PostgreSQL at " + address + " is unavailable: " + cause.getMessage(), cause);
    }
    return cause instanceof RuntimeException plain ? plain : new IllegalStateException(cause);
  }

  private static boolean unreachable(R2dbcException refused, @Nullable String state) {
    if (state != null) {
      return state.startsWith("08") || UNAVAILABLE.contains(state);
    }
    return refused instanceof R2dbcNonTransientResourceException
        || refused instanceof R2dbcTransientResourceException;
  }

  private static String constraint(R2dbcException refused) {
    return refused instanceof PostgresqlException detailed
        ? detailed.getErrorDetails().getConstraintName().orElse("")
        : "";
  }

  private static String oneLine(String sql) {
    String line = sql.strip().replaceAll("\\s+", " ");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
