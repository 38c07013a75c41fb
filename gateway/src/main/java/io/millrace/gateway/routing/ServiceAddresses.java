package io.millrace.gateway.routing;

import java.net.URI;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where the services are.
 *
 * @param tracking `millrace.tracking.uri`
 * @param artifact `millrace.artifact.uri`
 * @param training `millrace.training.uri`
 * @param evaluation `millrace.evaluation.uri`
 * @param deployment `millrace.deployment.uri`
 * @param inference `millrace.inference.uri`
 * @param monitoring `millrace.monitoring.uri`
 */
@ConfigurationProperties("millrace")
public record ServiceAddresses(
    Address tracking,
    Address artifact,
    Address training,
    Address evaluation,
    Address deployment,
    Address inference,
    Address monitoring) {

  /**
   * One address.
   *
   * @param uri base URI without a path, for example `http://127.0.0.1:8081`
   */
  public record Address(URI uri) {}

  /** Base URI of a service. */
  public URI of(Upstream upstream) {
    return switch (upstream) {
      case TRACKING -> tracking.uri();
      case ARTIFACT -> artifact.uri();
      case TRAINING -> training.uri();
      case EVALUATION -> evaluation.uri();
      case DEPLOYMENT -> deployment.uri();
      case INFERENCE -> inference.uri();
      case MONITORING -> monitoring.uri();
    };
  }
}
