package io.millrace.training.services;

import java.net.URI;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the services are that a worker calls (`millrace.*.uri`), and how long it is patient.
 *
 * @param tracking tracking-service
 * @param artifact artifact-service
 * @param gateway what a trainer gets as its MLflow server
 * @param training this worker's patience
 */
@ConfigurationProperties("millrace")
public record ServiceSettings(
    @DefaultValue Address tracking,
    @DefaultValue Address artifact,
    @DefaultValue Address gateway,
    @DefaultValue Patience training) {

  /**
   * @param uri base address without a slash at the end; null: the default port on this machine
   */
  public record Address(@org.jspecify.annotations.Nullable URI uri) {}

  /**
   * @param patience how long a call is repeated while a service is not there
   * @param resultPatience the same for the calls that bring a training's result, which would have
   *     to be done again otherwise
   */
  public record Patience(
      @DefaultValue("2m") Duration patience, @DefaultValue("1h") Duration resultPatience) {}

  /** Base address of tracking-service. */
  public URI trackingUri() {
    return or(tracking, 8081);
  }

  /** Base address of artifact-service. */
  public URI artifactUri() {
    return or(artifact, 8082);
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
