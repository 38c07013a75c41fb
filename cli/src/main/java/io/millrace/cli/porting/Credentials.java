package io.millrace.cli.porting;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to prove who one is to a tracking server. Never shown and never written to a state file.
 *
 * @param header value of the `Authorization` header; null for none
 */
public record Credentials(@Nullable String header) {

  public static final Credentials NONE = new Credentials(null);

  /**
   * A bearer token (`MLFLOW_TRACKING_TOKEN`) or else user and password (`MLFLOW_TRACKING_USERNAME`
   * and `MLFLOW_TRACKING_PASSWORD`, else those in the URI).
   */
  public static Credentials of(URI uri, Map<String, String> environment) {
    var token = environment.get("MLFLOW_TRACKING_TOKEN");
    if (token != null && !token.isBlank()) {
      return new Credentials("Bearer " + token.strip());
    }
    var user = environment.get("MLFLOW_TRACKING_USERNAME");
    if (user != null && !user.isEmpty()) {
      return basic(user + ":" + environment.getOrDefault("MLFLOW_TRACKING_PASSWORD", ""));
    }
    var inUri = uri.getRawUserInfo();
    return inUri == null
        ? NONE
        : basic(URLDecoder.decode(inUri.replace("+", "%2B"), StandardCharsets.UTF_8));
  }

  private static Credentials basic(String pair) {
    return new Credentials(
        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
  }

  /** An address without credentials, query and final slash: what may be shown and written down. */
  public static URI bare(URI uri) {
    if (uri.getHost() == null
        || !("http".equalsIgnoreCase(uri.getScheme())
            || "https".equalsIgnoreCase(uri.getScheme()))) {
      throw new PortingFailure(
          "A tracking server's address looks like http://host:5000 or https://host/prefix.");
    }
    var path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    var port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return URI.create(uri.getScheme() + "://" + uri.getHost() + port + path);
  }

  @Override
  public String toString() {
    return header == null ? "none" : "given";
  }
}
