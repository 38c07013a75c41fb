package io.millrace.database;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a schema up to date: `classpath:db/messaging` and `classpath:db/migration/<schema>`, in
 * the order of their versions. Several processes may do so at once; one migrates, the others wait.
 */
public final class Migrations {

  private static final Logger log = LoggerFactory.getLogger(Migrations.class);
  private static final Duration BETWEEN_TRIES = Duration.ofMillis(500);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

  private Migrations() {}

  /**
   * Migrates, waiting up to the startup timeout for a server that is not up yet. The JDBC
   * connection it uses is closed when it returns.
   *
   * @return number of migrations that were applied
   * @throws DatabaseUnavailable if the server does not come up in time
   * @throws IllegalArgumentException if a certificate's file cannot be used
   * @throws IllegalStateException if the server refuses the connection, which waiting cannot mend
   */
  public static int apply(PostgresSettings settings) {
    Instant deadline = Instant.now().plus(settings.startupTimeout());
    Instant nextLine = Instant.now().plusSeconds(1);
    while (true) {
      try {
        int applied = flyway(settings).migrate().migrationsExecuted;
        if (applied > 0) {
          log.info("Schema {}: {} migrations applied", settings.schema(), applied);
        }
        return applied;
      } catch (FlywayException failure) {
        SQLException refused = sqlCause(failure);
        if (refused == null) {
          throw failure;
        }
        String refusal = ConnectionRefusal.explain(refused, settings);
        if (refusal != null) {
          throw new IllegalStateException(refusal, failure);
        }
        if (!notUp(refused)) {
          throw failure;
        }
        if (Instant.now().isAfter(deadline)) {
          throw new DatabaseUnavailable(
              "PostgreSQL at "
                  + settings.address()
                  + " did not come up within "
                  + settings.startupTimeout().toSeconds()
                  + " s: "
                  + refused.getMessage()
                  + ". Start it, or correct millrace.postgres.host and millrace.postgres.port.",
              failure);
        }
        if (Instant.now().isAfter(nextLine)) {
          log.info("Waiting for PostgreSQL at {}: {}", settings.address(), refused.getMessage());
          nextLine = Instant.now().plus(BETWEEN_LINES);
        }
        pause();
      }
    }
  }

  private static Flyway flyway(PostgresSettings settings) {
    return Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(connections(settings))
        .schemas(settings.schema())
        .defaultSchema(settings.schema())
        .createSchemas(true)
        .locations("classpath:db/messaging", "classpath:db/migration/" + settings.schema())
        .failOnMissingLocations(false)
        .validateMigrationNaming(true)
        // Two folders, each with its own line of versions.
        .outOfOrder(true)
        .load();
  }

  private static DataSource connections(PostgresSettings settings) {
    PGSimpleDataSource connections = new PGSimpleDataSource();
    connections.setServerNames(new String[] {settings.host()});
    connections.setPortNumbers(new int[] {settings.port()});
    connections.setDatabaseName(settings.database());
    connections.setUser(settings.user());
    connections.setPassword(settings.password());
    connections.setApplicationName("millrace-" + settings.schema() + "-migration");
    connections.setConnectTimeout(5);
    connections.setLoginTimeout(10);
    PostgresTls tls = settings.ssl();
    connections.setSslMode(tls.mode().text());
    if (tls.mode() != PostgresTls.Mode.DISABLE) {
      // A file that cannot be used is named here; the driver would only say that TLS failed.
      TlsFiles.read(tls);
      connections.setSslfactory(MigrationSockets.class.getName());
      setPath(connections::setSslRootCert, tls.rootCertificate());
      setPath(connections::setSslCert, tls.certificate());
      setPath(connections::setSslKey, tls.key());
      connections.setSslPassword(tls.keyPassword());
    }
    return connections;
  }

  private static void setPath(Consumer<String> setter, @Nullable Path file) {
    if (file != null) {
      setter.accept(file.toString());
    }
  }

  private static @Nullable SQLException sqlCause(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException refused) {
        return refused;
      }
    }
    return null;
  }

  private static boolean notUp(SQLException refused) {
    String state = refused.getSQLState();
    return state != null
        && (state.startsWith("08")
            || state.equals("57P03")
            || state.equals("57P01")
            || state.equals("53300"));
  }

  private static void pause() {
    try {
      Thread.sleep(BETWEEN_TRIES);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new DatabaseUnavailable("Interrupted while waiting for PostgreSQL.", interrupted);
    }
  }
}
