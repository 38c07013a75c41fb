package io.millrace.cli.porting;

import org.jspecify.annotations.Nullable;

/**
 * A place behind an artifact proxy.
 *
 * @param server host and port where the URI names them, else "" for the server that said it
 * @param path below the proxy's root, without slashes at its ends
 */
record Proxied(String server, String path) {

  private static final String SCHEME = "mlflow-artifacts:";

  /** Reads `mlflow-artifacts:/path` and `mlflow-artifacts://server/path`; null for another URI. */
  static @Nullable Proxied of(String uri) {
    if (!uri.startsWith(SCHEME)) {
      return null;
    }
    var rest = uri.substring(SCHEME.length());
    var server = "";
    if (rest.startsWith("//")) {
      var slash = rest.indexOf('/', 2);
      server = slash < 0 ? rest.substring(2) : rest.substring(2, slash);
      rest = slash < 0 ? "" : rest.substring(slash);
    }
    return new Proxied(server, rest.replaceAll("^/+|/+$", ""));
  }
}
