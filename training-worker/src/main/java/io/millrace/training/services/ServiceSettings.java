package io.millrace.training.services;

import java.net.URI;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the services are (`millrace.*.uri`), and how long calls are retried.
 *
 * @param tracking tracking-service
 * @param gateway the MLflow server of a trainer
 * @param training patience of this worker
 */
@ConfigurationProperties("millrace")
public record ServiceSettings(
    @DefaultValue Address tracking,
    @DefaultValue Address gateway,
    @DefaultValue Patience training) {

  /**
   * @param uri base address without a slash at the end; null: the default port on this machine
   */
  public record Address(@org.jspecify.annotations.Nullable URI uri) {}

  /**
   * @param patience how long a call is retried while a service does not answer
   * @param resultPatience the same for calls that deliver the result of a training: without it the
   *     training would have to be repeated
   */
  public record Patience(
      @DefaultValue("2m") Duration patience, @DefaultValue("1h") Duration resultPatience) {}

  /** Base address of tracking-service. */
  public URI trackingUri() {
    return or(tracking, 8081);
  }

  /** Address that a trainer gets as {@code MLFLOW_TRACKING_URI}. */
  public URI gatewayUri() {
    return or(gateway, 8080);
  }

  private static URI or(Address address, int port) {
    URI uri = address.uri();
    if (uri == null) {
      return URI.create("http://127.0.0.1:" + port);
    }
    String text = uri.toString();
    return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : uri;
  }
}
