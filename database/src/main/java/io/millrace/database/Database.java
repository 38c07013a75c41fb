package io.millrace.database;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.postgresql.ssl.PGjdbcHostnameVerifier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One schema of a PostgreSQL server, through a small pool of connections. The calls block and are
 * meant for virtual threads; they must not be made on a reactor network thread. Safe for many
 * threads.
 *
 * <p>Every call throws {@link DatabaseUnavailable} where no connection can be had within the
 * acquire timeout or the server does not answer.
 */
public final class Database implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Database.class);

  /** Attempts at a transaction that keeps losing against others. */
  private static final int ATTEMPTS = 8;

  private static final int ROWS_AHEAD = 256;

  private final PostgresSettings settings;
  private final PostgresqlConnectionFactory factory;
  private final ConnectionPool pool;
  private final Duration patience;
  private final ThreadLocal<Boolean> busy = ThreadLocal.withInitial(() -> false);

  public Database(PostgresSettings settings) {
    this(settings, "millrace-" + settings.schema());
  }

  /** A database whose connections show in pg_stat_activity under that name. */
  public Database(PostgresSettings settings, String applicationName) {
    this.settings = settings;
    this.patience = settings.statementTimeout().plusSeconds(5);
    PostgresqlConnectionConfiguration.Builder configuration =
        PostgresqlConnectionConfiguration.builder()
            .host(settings.host())
            .port(settings.port())
            .database(settings.database())
            .username(settings.user())
            .schema(settings.schema())
            .applicationName(applicationName)
            .connectTimeout(Duration.ofSeconds(5))
            .autodetectExtensions(false)
            .codecRegistrar(new ArrayParameterCodec())
            .preparedStatementCacheQueries(256)
            .tcpKeepAlive(true)
            .tcpNoDelay(true)
            .options(
                Map.of(
                    "statement_timeout", Long.toString(settings.statementTimeout().toMillis()),
                    "idle_in_transaction_session_timeout", "300000",
                    "client_connection_check_interval", "10000"));
    if (!settings.password().isEmpty()) {
      configuration.password(settings.password());
    }
    if (settings.ssl().mode() != PostgresTls.Mode.DISABLE) {
      TlsFiles files = TlsFiles.read(settings.ssl());
      configuration
          .sslMode(SSLMode.valueOf(settings.ssl().mode().name()))
          // The driver passes a host that it looked up by the address, not the one of the settings.
          .sslHostnameVerifier(
              (lookedUp, session) ->
                  PGjdbcHostnameVerifier.INSTANCE.verify(settings.host(), session))
          .sslContextBuilderCustomizer(files::into);
    }
    this.factory = new PostgresqlConnectionFactory(configuration.build());
    this.pool =
        new ConnectionPool(
            ConnectionPoolConfiguration.builder(factory)
                .name(applicationName)
                .registerJmx(false)
                .initialSize(0)
                .minIdle(0)
                .maxSize(settings.poolSize())
                .maxAcquireTime(settings.acquireTimeout())
                .maxIdleTime(settings.idleTime())
                .backgroundEvictionInterval(settings.idleTime())
                .validationDepth(ValidationDepth.LOCAL)
                .build());
  }

  /** The settings it was opened with. */
  public PostgresSettings settings() {
    return settings;
  }

  /** Connections in use just now, at most the pool size. */
  public int connectionsInUse() {
    return pool.getMetrics().map(metrics -> metrics.acquiredSize()).orElse(0);
  }

  /**
   * Runs the work in one READ COMMITTED transaction: committed when it returns, rolled back when it
   * throws. Where PostgreSQL ends the transaction for a deadlock or a serialization failure, the
   * work runs again, a bounded number of times, so it must only touch the database.
   *
   * @throws IllegalStateException if this thread is inside a transaction of this database already
   */
  public <T> T inTransaction(TxWork<T> work) {
    return untilItWins(work, DriverTx::begin);
  }

  /**
   * Runs queries that all see one state of the database and can change nothing. The planner's
   * settings, as `name = value` each, hold until it returns.
   */
  public <T> T inSnapshot(List<String> settings, TxWork<T> queries) {
    StringBuilder begin = new StringBuilder("begin isolation level repeatable read read only");
    settings.forEach(setting -> begin.append("; set local ").append(setting));
    return untilItWins(queries, tx -> tx.begin(begin.toString()));
  }

  /**
   * Runs one statement that stands for itself, committed when it returns: a round trip where {@link
   * #inTransaction} takes three. It runs again as a transaction would.
   */
  public <T> T once(TxWork<T> statement) {
    return untilItWins(statement, null);
  }

  private <T> T untilItWins(TxWork<T> work, @Nullable Consumer<DriverTx> begin) {
    for (int attempt = 1; ; attempt++) {
      try {
        return onConnection(work, begin);
      } catch (DatabaseFailure failure) {
        if (!SqlErrors.mayRunAgain(failure) || attempt == ATTEMPTS) {
          throw failure;
        }
        log.debug("Transaction lost against another (attempt {}): {}", attempt, failure.sqlState());
        pause(ThreadLocalRandom.current().nextLong(5, 10L << attempt));
      }
    }
  }

  /** {@link #inTransaction} for work without a result. */
  public void inTransactionVoid(Consumer<Tx> work) {
    inTransaction(
        tx -> {
          work.accept(tx);
          return Boolean.TRUE;
        });
  }

  /** Runs the work on one connection without a transaction: each statement stands for itself. */
  public <T> T read(TxWork<T> work) {
    return onConnection(work, null);
  }

  /**
   * Rows as the subscriber asks for them, a few hundred ahead, on one connection that goes back to
   * the pool at the end or on cancel. For queries only: its transaction is rolled back at the end.
   * The statement timeout does not apply: the reader sets the pace. Errors arrive as the exceptions
   * of this class.
   */
  public <T> Flux<T> stream(String sql, Function<Row, T> mapper, @Nullable Object... args) {
    return Flux.usingWhen(
            pool.create(),
            connection ->
                Mono.from(connection.beginTransaction())
                    .then(
                        Mono.from(
                            connection
                                .createStatement("set local statement_timeout = 0")
                                .execute()))
                    .flatMap(result -> Mono.from(result.getRowsUpdated()))
                    .thenMany(
                        Flux.defer(
                                () ->
                                    Flux.from(
                                        DriverTx.statement(connection, sql, args)
                                            .fetchSize(ROWS_AHEAD)
                                            .execute()))
                            .concatMap(result -> DriverTx.mapped(result, mapper), 1)),
            Database::endStream)
        .onErrorMap(thrown -> SqlErrors.translate(thrown, settings.address(), sql));
  }

  private static Mono<Void> endStream(Connection connection) {
    return Mono.from(connection.rollbackTransaction())
        .onErrorComplete()
        .then(Mono.from(connection.close()));
  }

  /** Opens a connection of its own, outside the pool, for session locks and notifications. */
  public Session openSession() {
    try {
      return Session.open(factory, patience, settings.address());
    } catch (RuntimeException thrown) {
      throw SqlErrors.translate(thrown, settings.address(), null);
    }
  }

  /**
   * Listens on a channel until closed, on a connection of its own that is opened again when it is
   * lost. The listener is called with each payload on a network thread and must not block; it is
   * called with an empty payload after every (re)connection, since notifications may have been
   * missed.
   */
  public Listening listen(String channel, Consumer<String> listener) {
    return new Listening(this, channel, listener);
  }

  @Override
  public void close() {
    try {
      pool.disposeLater().block(Duration.ofSeconds(5));
    } catch (RuntimeException thrown) {
      log.debug("Closing the pool of {}", settings.address(), thrown);
    }
  }

  private <T> T onConnection(TxWork<T> work, @Nullable Consumer<DriverTx> begin) {
    if (busy.get()) {
      throw new IllegalStateException(
          "This thread already holds a connection of " + settings.schema() + ": pass its Tx on.");
    }
    Connection connection = acquire();
    DriverTx tx = new DriverTx(connection, patience, settings.address());
    busy.set(true);
    try {
      return begin == null ? work.apply(tx) : transact(tx, begin, work);
    } finally {
      busy.remove();
      release(connection, tx.broken() || Thread.currentThread().isInterrupted());
    }
  }

  private static <T> T transact(DriverTx tx, Consumer<DriverTx> begin, TxWork<T> work) {
    begin.accept(tx);
    T result;
    try {
      result = work.apply(tx);
    } catch (RuntimeException | Error failure) {
      if (!tx.broken() && !Thread.currentThread().isInterrupted()) {
        try {
          tx.rollback();
        } catch (RuntimeException second) {
          failure.addSuppressed(second);
        }
      }
      throw failure;
    }
    tx.commit();
    return result;
  }

  private Connection acquire() {
    try {
      Connection connection =
          pool.create().block(settings.acquireTimeout().plus(Duration.ofSeconds(1)));
      if (connection == null) {
        throw new IllegalStateException("The pool gave no connection.");
      }
      return connection;
    } catch (RuntimeException thrown) {
      RuntimeException failure = SqlErrors.translate(thrown, settings.address(), null);
      if (failure instanceof DatabaseFailure || failure instanceof IllegalStateException) {
        throw new DatabaseUnavailable(
            "No connection to PostgreSQL at " + settings.address() + ": " + failure.getMessage(),
            thrown);
      }
      throw failure;
    }
  }

  /**
   * A connection whose last call has no answer is closed for good; its transaction goes with it.
   */
  private static void release(Connection connection, boolean broken) {
    if (broken) {
      if (connection instanceof Wrapped<?> wrapped
          && wrapped.unwrap() instanceof Connection physical) {
        Mono.from(physical.close()).onErrorComplete().subscribe();
      }
      Mono.from(connection.close()).onErrorComplete().subscribe();
      return;
    }
    try {
      Mono.from(connection.close()).block(Duration.ofSeconds(5));
    } catch (RuntimeException thrown) {
      log.debug("Giving a connection back", thrown);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new DatabaseUnavailable("Interrupted between two attempts.", interrupted);
    }
  }
}
