package io.millrace.database;

import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of its own: what it holds (session locks, LISTEN) is held exactly as long as it
 * lives. Statements stand for themselves, without a transaction, and come from one thread.
 */
public final class Session implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final PostgresqlConnection connection;
  private final DriverTx tx;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Session(PostgresqlConnection connection, Duration patience, String address) {
    this.connection = connection;
    this.tx = new DriverTx(connection, patience, address);
  }

  static Session open(PostgresqlConnectionFactory factory, Duration patience, String address) {
    PostgresqlConnection connection = factory.create().block(Duration.ofSeconds(10));
    if (connection == null) {
      throw new IllegalStateException("The driver gave no connection.");
    }
    return new Session(connection, patience, address);
  }

  /** Statements on this connection. */
  public Tx tx() {
    return tx;
  }

  /** Takes the advisory lock of that key if nobody has it; held until this session ends. */
  public boolean tryLock(long key) {
    return tx.queryOne("select pg_try_advisory_lock($1) as held", row -> row.bool("held"), key)
        .orElse(false);
  }

  /**
   * Starts listening on a channel. The listener runs on a network thread and must not block; `lost`
   * runs once when the connection ends for whatever reason.
   */
  public void listen(String channel, Consumer<String> listener, Runnable lost) {
    AtomicBoolean told = new AtomicBoolean();
    Runnable end =
        () -> {
          if (told.compareAndSet(false, true)) {
            lost.run();
          }
        };
    connection
        .getNotifications()
        .filter(notification -> notification.getName().equals(channel))
        .doFinally(signal -> end.run())
        .subscribe(
            notification -> listener.accept(notification.getParameter()),
            thrown -> log.debug("Notifications of {} ended", channel, thrown));
    tx.update("listen \"" + channel.replace("\"", "\"\"") + "\"");
  }

  /** True while the connection is open as far as this side knows, without asking the server. */
  public boolean connected() {
    return !closed.get()
        && !tx.broken()
        && Boolean.TRUE.equals(
            connection.validate(ValidationDepth.LOCAL).onErrorReturn(false).block());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      connection.close().onErrorComplete().subscribe();
    }
  }
}
