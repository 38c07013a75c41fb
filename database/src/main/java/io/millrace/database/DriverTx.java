package io.millrace.database;

import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Statements on one driver connection. Not safe for two threads at once. */
final class DriverTx implements Tx {

  private final Connection connection;
  private final Duration patience;
  private final String address;

  private final List<Runnable> hints = new ArrayList<>();
  private boolean open;

  /** True once a call ended without the server's answer: the connection must not be used again. */
  private boolean broken;

  DriverTx(Connection connection, Duration patience, String address) {
    this.connection = connection;
    this.patience = patience;
    this.address = address;
  }

  boolean broken() {
    return broken;
  }

  @Override
  public long update(String sql, @Nullable Object... args) {
    Flux<Long> counts =
        Flux.defer(() -> Flux.from(statement(connection, sql, args).execute()))
            .concatMap(Result::getRowsUpdated);
    return await(counts.reduce(0L, Long::sum), sql).orElse(0L);
  }

  @Override
  public <T> List<T> query(String sql, Function<Row, T> mapper, @Nullable Object... args) {
    Flux<T> rows =
        Flux.defer(() -> Flux.from(statement(connection, sql, args).execute()))
            .concatMap(result -> mapped(result, mapper));
    return await(rows.collectList(), sql).orElse(List.of());
  }

  @Override
  public <T> Optional<T> queryOne(String sql, Function<Row, T> mapper, @Nullable Object... args) {
    List<T> rows = query(sql, mapper, args);
    if (rows.size() > 1) {
      throw new IllegalStateException(
          "Expected at most one row, got " + rows.size() + " [" + sql.strip() + "]");
    }
    return rows.stream().findFirst();
  }

  @Override
  public void afterCommit(Runnable hint) {
    if (open) {
      hints.add(hint);
    } else {
      hint.run();
    }
  }

  void begin() {
    await(connection.beginTransaction(), "begin");
    open = true;
  }

  /** Begins by statements without parameters, in one round trip. */
  void begin(String sql) {
    update(sql);
    open = true;
  }

  void commit() {
    await(connection.commitTransaction(), "commit");
    open = false;
    hints.forEach(Runnable::run);
  }

  void rollback() {
    open = false;
    await(connection.rollbackTransaction(), "rollback");
  }

  private <T> Optional<T> await(Publisher<T> publisher, String sql) {
    try {
      return Mono.from(publisher).timeout(patience).blockOptional();
    } catch (RuntimeException thrown) {
      RuntimeException failure = SqlErrors.translate(thrown, address, sql);
      if (failure instanceof DatabaseUnavailable) {
        broken = true;
      }
      throw failure;
    }
  }

  static <T> Publisher<T> mapped(Result result, Function<Row, T> mapper) {
    return result.map((row, metadata) -> mapper.apply(new DriverRow(row)));
  }

  static Statement statement(Connection connection, String sql, @Nullable Object... args) {
    Statement statement = connection.createStatement(sql);
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case null -> statement.bind(i, Parameters.in(PostgresqlObjectId.UNSPECIFIED));
        case TypedNull(Class<?> type) -> statement.bindNull(i, type);
        case Object value -> statement.bind(i, value);
      }
    }
    return statement;
  }
}
