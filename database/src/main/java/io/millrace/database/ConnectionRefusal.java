package io.millrace.database;

import java.security.cert.CertificateException;
import java.sql.SQLException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Tells a connection that settings must mend from a server that is not up yet. */
final class ConnectionRefusal {

  private static final String REJECTED = "08004";
  private static final String FAILED = "08006";

  private ConnectionRefusal() {}

  /** What is wrong and what to change; null where waiting may help. */
  static @Nullable String explain(SQLException refused, PostgresSettings settings) {
    String state = String.valueOf(refused.getSQLState());
    String server = "PostgreSQL at " + settings.address();
    if (state.startsWith("28")) {
      return "%s refuses user %s: %s. Correct millrace.postgres.user and millrace.postgres.password; where the server demands TLS or a client certificate, set %s.mode, .root-certificate, .certificate and .key."
          .formatted(server, settings.user(), refused.getMessage(), PostgresTls.PREFIX);
    }
    if (isCertificateRefused(refused)) {
      return "%s: the TLS handshake failed: %s. Check that %s.root-certificate holds the authority that issued the server's certificate, and, where the server demands one, that %s.certificate is from an authority that it trusts."
          .formatted(server, root(refused).getMessage(), PostgresTls.PREFIX, PostgresTls.PREFIX);
    }
    if (state.equals(REJECTED)) {
      return "%s: %s Set ssl = on in its postgresql.conf, or %s.mode to disable."
          .formatted(server, refused.getMessage(), PostgresTls.PREFIX);
    }
    // Broken connections have a cause; the driver raises this without one for a wrong host name.
    if (state.equals(FAILED) && refused.getCause() == null) {
      return "%s: %s Connect by a name that is in the server's certificate (millrace.postgres.host), or set %s.mode to verify-ca."
          .formatted(server, refused.getMessage(), PostgresTls.PREFIX);
    }
    return null;
  }

  /** A handshake that was cut off, as by a server that stops, is not meant. */
  private static boolean isCertificateRefused(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException
          || (cause instanceof SSLException
              && String.valueOf(cause.getMessage()).contains("fatal alert"))) {
        return true;
      }
    }
    return false;
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
