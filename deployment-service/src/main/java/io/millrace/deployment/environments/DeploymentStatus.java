package io.millrace.deployment.environments;

import java.util.Set;

/** What became of the revision an environment wants. A new revision starts at PENDING. */
public enum DeploymentStatus {
  /** No replica has reported yet. */
  PENDING,
  /** At least one replica serves it. */
  DEPLOYED,
  /** A replica could not serve it, and none had before. */
  FAILED;

  /** Whether a report may lead from this status to that one. */
  public boolean canBecome(DeploymentStatus next) {
    return edges().contains(next);
  }

  private Set<DeploymentStatus> edges() {
    return switch (this) {
      case PENDING -> Set.of(DEPLOYED, FAILED);
      // One replica that fails later does not unmake what the others serve.
      case DEPLOYED -> Set.of();
      // A replica that tries again may succeed.
      case FAILED -> Set.of(DEPLOYED);
    };
  }
}
