package io.millrace.database;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A row of the driver. */
record DriverRow(io.r2dbc.spi.Row row) implements Row {

  @Override
  public @Nullable String stringOrNull(String column) {
    return row.get(column, String.class);
  }

  @Override
  public @Nullable Long int8OrNull(String column) {
    return row.get(column, Long.class);
  }

  @Override
  public @Nullable Integer int4OrNull(String column) {
    return row.get(column, Integer.class);
  }

  @Override
  public @Nullable Double float8OrNull(String column) {
    return row.get(column, Double.class);
  }

  @Override
  public @Nullable Boolean boolOrNull(String column) {
    return row.get(column, Boolean.class);
  }

  @Override
  public @Nullable Instant instantOrNull(String column) {
    return row.get(column, Instant.class);
  }

  @Override
  public @Nullable UUID uuidOrNull(String column) {
    return row.get(column, UUID.class);
  }

  @Override
  public byte @Nullable [] bytesOrNull(String column) {
    return row.get(column, byte[].class);
  }

  @Override
  public @Nullable String jsonOrNull(String column) {
    return row.get(column, String.class);
  }

  @Override
  public <T> T @Nullable [] arrayOrNull(String column, Class<T[]> type) {
    return row.get(column, type);
  }
}
