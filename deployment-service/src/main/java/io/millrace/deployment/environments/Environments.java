package io.millrace.deployment.environments;

import io.millrace.database.Tx;
import io.millrace.deployment.versions.ModelVersion;
import java.time.Clock;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/**
 * What the environments are to serve. Every method works inside the caller's transaction, and what
 * it changes and what it publishes are one.
 */
@Component
public class Environments {
  private final Deployments deployments;
  private final EnvironmentEvents events;
  private final Clock clock = Clock.systemUTC();

  Environments(Deployments deployments, EnvironmentEvents events) {
    this.deployments = deployments;
    this.events = events;
  }

  /** What is wanted now; empty where nothing ever was. */
  public Optional<Deployment> wanted(Tx tx, String environment, String modelName) {
    return deployments.find(tx, environment, modelName);
  }

  /**
   * Wants a version from now on, as the next revision, and says so on the topics.
   *
   * @return the new revision, PENDING
   */
  public Deployment want(Tx tx, String environment, ModelVersion version, Change change) {
    Optional<Deployment> before = deployments.lock(tx, environment, version.modelName());
    Deployment after =
        before
            .map(d -> d.next(version.version(), change, clock.instant()))
            .orElseGet(
                () ->
                    Deployment.first(
                        environment,
                        version.modelName(),
                        version.version(),
                        change,
                        clock.instant()));
    deployments.replace(tx, before.orElse(null), after);
    events.wanted(tx, after, version, before.map(Deployment::version).orElse(null));
    return after;
  }

  /**
   * Takes a replica's report.
   *
   * @return the wanted revision where the report changed its status; empty where it changed nothing
   *     but the record, for example because another revision is wanted by now
   */
  public Optional<Deployment> report(Tx tx, ReplicaReport report) {
    Optional<Deployment> before = deployments.lock(tx, report.environment(), report.modelName());
    deployments.addReport(tx, report);
    Optional<Deployment> after =
        before.map(d -> d.reported(report)).filter(d -> !d.equals(before.get()));
    after.ifPresent(d -> deployments.updateStatus(tx, d));
    return after;
  }

  /**
   * The version to go back to: the one that the wanted version replaced when it was promoted, or
   * the one before that where no replica ever served it, and so on. Going back twice therefore goes
   * back two versions, not back and forth. Empty where no earlier version was ever served.
   */
  public Optional<Integer> previousVersion(Tx tx, Deployment wanted) {
    Set<Integer> seen = new HashSet<>(Set.of(wanted.version()));
    Optional<Integer> candidate = replacedBy(tx, wanted, wanted.version());
    while (candidate.isPresent() && seen.add(candidate.get())) {
      if (deployments.wasServed(tx, wanted.environment(), wanted.modelName(), candidate.get())) {
        return candidate;
      }
      candidate = replacedBy(tx, wanted, candidate.get());
    }
    return Optional.empty();
  }

  /** Whether any environment wants a version of the model. */
  public boolean wantsAny(Tx tx, String modelName) {
    return deployments.wantsAny(tx, modelName);
  }

  /** Whether the environment ever wanted that version. */
  public boolean everWanted(Tx tx, String environment, String modelName, int version) {
    return deployments.promotionOf(tx, environment, modelName, version).isPresent();
  }

  private Optional<Integer> replacedBy(Tx tx, Deployment wanted, int version) {
    return deployments
        .promotionOf(tx, wanted.environment(), wanted.modelName(), version)
        .flatMap(entry -> Optional.ofNullable(entry.previousVersion()));
  }
}
