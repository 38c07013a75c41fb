package io.millrace.deployment.environments;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * What an environment wants for one model now.
 *
 * @param version the wanted version
 * @param revision counted from 1, one more with every change
 * @param message why the status is FAILED; null otherwise
 * @param decidedAt when it was decided, to the millisecond; never before the revision it replaced
 */
public record Deployment(
    String environment,
    String modelName,
    int version,
    long revision,
    DeploymentStatus status,
    Change change,
    @Nullable String message,
    Instant decidedAt) {

  /** The first revision of an environment and model. */
  static Deployment first(
      String environment, String modelName, int version, Change change, Instant now) {
    return new Deployment(
        environment,
        modelName,
        version,
        1,
        DeploymentStatus.PENDING,
        change,
        null,
        now.truncatedTo(ChronoUnit.MILLIS));
  }

  /** The next revision. */
  Deployment next(int nextVersion, Change nextChange, Instant now) {
    Instant at = now.truncatedTo(ChronoUnit.MILLIS);
    return new Deployment(
        environment,
        modelName,
        nextVersion,
        revision + 1,
        DeploymentStatus.PENDING,
        nextChange,
        null,
        // A clock that was set back must not reorder the history.
        at.isBefore(decidedAt) ? decidedAt : at);
  }

  /** This revision after a replica's report; the same object where the report changes nothing. */
  Deployment reported(ReplicaReport report) {
    if (report.revision() != revision || !status.canBecome(report.outcome())) {
      return this;
    }
    return new Deployment(
        environment,
        modelName,
        version,
        revision,
        report.outcome(),
        change,
        report.outcome() == DeploymentStatus.FAILED ? report.message() : null,
        decidedAt);
  }

  /** For messages: {@code staging}'s revision and version. */
  String label() {
    return "%s of %s at version %d (revision %d)"
        .formatted(modelName, environment, version, revision);
  }
}
