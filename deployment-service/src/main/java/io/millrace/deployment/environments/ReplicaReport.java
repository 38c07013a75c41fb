package io.millrace.deployment.environments;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What one replica says about one revision.
 *
 * @param outcome DEPLOYED or FAILED
 * @param message what went wrong; null where nothing did
 * @param at when it said so
 */
public record ReplicaReport(
    String environment,
    String modelName,
    String replica,
    int version,
    long revision,
    DeploymentStatus outcome,
    @Nullable String message,
    Instant at) {

  public ReplicaReport {
    if (outcome == DeploymentStatus.PENDING) {
      throw new IllegalArgumentException("a report says DEPLOYED or FAILED, not PENDING");
    }
  }
}
