package io.millrace.database;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of a result, valid only inside the mapper. Columns go by their name or alias, in lower
 * case. The plain accessors throw {@link IllegalStateException} on a null and name the column.
 */
public interface Row {

  /** Text, or any type that PostgreSQL's driver reads as text. */
  default String string(String column) {
    return present(column, stringOrNull(column));
  }

  @Nullable String stringOrNull(String column);

  /** A whole number of 64 bits. */
  default long int8(String column) {
    return present(column, int8OrNull(column));
  }

  @Nullable Long int8OrNull(String column);

  /** A whole number of 32 bits. */
  default int int4(String column) {
    return present(column, int4OrNull(column));
  }

  @Nullable Integer int4OrNull(String column);

  /** A floating point number of 64 bits. */
  default double float8(String column) {
    return present(column, float8OrNull(column));
  }

  @Nullable Double float8OrNull(String column);

  default boolean bool(String column) {
    return present(column, boolOrNull(column));
  }

  @Nullable Boolean boolOrNull(String column);

  /** A timestamptz, to the microsecond. */
  default Instant instant(String column) {
    return present(column, instantOrNull(column));
  }

  @Nullable Instant instantOrNull(String column);

  default UUID uuid(String column) {
    return present(column, uuidOrNull(column));
  }

  @Nullable UUID uuidOrNull(String column);

  /** A bytea. */
  default byte[] bytes(String column) {
    return present(column, bytesOrNull(column));
  }

  byte @Nullable [] bytesOrNull(String column);

  /** A json or jsonb as its text. */
  default String json(String column) {
    return present(column, jsonOrNull(column));
  }

  @Nullable String jsonOrNull(String column);

  /** An array column, for example `array("tags", String[].class)`. */
  default <T> T[] array(String column, Class<T[]> type) {
    return present(column, arrayOrNull(column, type));
  }

  <T> T @Nullable [] arrayOrNull(String column, Class<T[]> type);

  private static <T> T present(String column, @Nullable T value) {
    if (value == null) {
      throw new IllegalStateException(
          "Column " + column + " is null here; read it with the ...OrNull accessor.");
    }
    return value;
  }
}
