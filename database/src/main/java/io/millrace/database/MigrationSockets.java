package io.millrace.database;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.ssl.WrappedFactory;

/**
 * TLS sockets of the JDBC driver, which makes this by its name and hands it the properties of the
 * connection.
 */
public final class MigrationSockets extends WrappedFactory {

  public MigrationSockets(Properties connection) {
    factory =
        TlsFiles.read(
                new PostgresTls(
                    PostgresTls.Mode.valueOf(
                        String.valueOf(PGProperty.SSL_MODE.getOrDefault(connection))
                            .replace('-', '_')
                            .toUpperCase(Locale.ROOT)),
                    file(PGProperty.SSL_ROOT_CERT, connection),
                    file(PGProperty.SSL_CERT, connection),
                    file(PGProperty.SSL_KEY, connection),
                    password(connection)))
            .context()
            .getSocketFactory();
  }

  private static @Nullable Path file(PGProperty property, Properties connection) {
    String named = property.getOrDefault(connection);
    return named == null ? null : Path.of(named);
  }

  private static String password(Properties connection) {
    String password = PGProperty.SSL_PASSWORD.getOrDefault(connection);
    return password == null ? "" : password;
  }
}
