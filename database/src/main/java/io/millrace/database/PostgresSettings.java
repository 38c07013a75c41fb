package io.millrace.database;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where PostgreSQL is and how it is used (`millrace.postgres.*`).
 *
 * @param host host name or address
 * @param port TCP port, 1 to 65535
 * @param database database name
 * @param user role
 * @param password the role's password; empty where the server trusts the address
 * @param schema the service's own schema: lower-case letters, digits and underscores
 * @param poolSize most connections at once, 1 to 1000; the pool starts with none and gives idle
 *     ones back
 * @param acquireTimeout longest wait for a connection
 * @param idleTime how long an unused connection is kept
 * @param statementTimeout longest a single statement may run
 * @param startupTimeout how long a start waits for a server that is not up yet
 * @param ssl protection of every connection
 */
@ConfigurationProperties("millrace.postgres")
public record PostgresSettings(
    @DefaultValue("127.0.0.1") String host,
    @DefaultValue("5432") int port,
    @DefaultValue("millrace") String database,
    @DefaultValue("millrace") String user,
    @DefaultValue("") String password,
    String schema,
    @DefaultValue("8") int poolSize,
    @DefaultValue("5s") Duration acquireTimeout,
    @DefaultValue("1m") Duration idleTime,
    @DefaultValue("30s") Duration statementTimeout,
    @DefaultValue("2m") Duration startupTimeout,
    @DefaultValue PostgresTls ssl) {

  public PostgresSettings {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("millrace.postgres.port is " + port + ", not 1 to 65535");
    }
    if (!schema.matches("[a-z_][a-z0-9_]{0,39}")) {
      throw new IllegalArgumentException(
          "millrace.postgres.schema is '"
              + schema
              + "': use lower-case letters, digits and underscores, at most 40");
    }
    if (poolSize < 1 || poolSize > 1000) {
      throw new IllegalArgumentException(
          "millrace.postgres.pool-size is " + poolSize + ", not 1 to 1000");
    }
  }

  /** Settings with every default. */
  public static PostgresSettings of(
      String host, int port, String database, String user, String password, String schema) {
    return new PostgresSettings(
        host,
        port,
        database,
        user,
        password,
        schema,
        8,
        Duration.ofSeconds(5),
        Duration.ofMinutes(1),
        Duration.ofSeconds(30),
        Duration.ofMinutes(2),
        PostgresTls.DISABLED);
  }

  /** The same settings with connections protected in this way. */
  public PostgresSettings withSsl(PostgresTls protection) {
    return new PostgresSettings(
        host,
        port,
        database,
        user,
        password,
        schema,
        poolSize,
        acquireTimeout,
        idleTime,
        statementTimeout,
        startupTimeout,
        protection);
  }

  /** Host, port and database as error messages name them. */
  String address() {
    return host + ":" + port + "/" + database;
  }

  @Override
  public String toString() {
    return "PostgresSettings[" + user + "@" + address() + " schema=" + schema + "]";
  }
}
