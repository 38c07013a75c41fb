package io.millrace.deployment.promotions;

import static io.millrace.deployment.environments.Change.POLICY;

import io.millrace.database.Tx;
import io.millrace.deployment.environments.Cause;
import io.millrace.deployment.environments.Change;
import io.millrace.deployment.environments.Deployment;
import io.millrace.deployment.environments.DeploymentStatus;
import io.millrace.deployment.environments.Environments;
import io.millrace.deployment.environments.ReplicaReport;
import io.millrace.deployment.promotions.Promotion.Decided;
import io.millrace.deployment.refusals.Refusal;
import io.millrace.deployment.versions.ModelVersion;
import io.millrace.deployment.versions.ModelVersions;
import io.millrace.pipeline.Pipeline;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Carries out what promotions, approvals and people decide. Every method is one decision inside the
 * caller's transaction and under the model's lock: state, history and events are stored together or
 * not at all.
 */
@Component
class Rollout {
  private final ModelVersions versions;
  private final Environments environments;
  private final Promotions promotions;
  private final Approvals approvals;
  private final PromotionEvents events;
  private final Clock clock = Clock.systemUTC();

  Rollout(
      ModelVersions versions,
      Environments environments,
      Promotions promotions,
      Approvals approvals,
      PromotionEvents events) {
    this.versions = versions;
    this.environments = environments;
    this.promotions = promotions;
    this.approvals = approvals;
    this.events = events;
  }

  /** What a manual promotion led to. */
  sealed interface Answer {
    /** The environment wants it. */
    record Wanted(Deployment deployment) implements Answer {}

    /** People are asked first. */
    record Waiting(Approval approval) implements Answer {}
  }

  /** A version got its verdict. A version that is known already changes nothing. */
  void evaluated(Tx tx, ModelVersion given) {
    promotions.lockModel(tx, given.modelName());
    ModelVersion version = versions.underCurrentName(tx, given);
    promotions.lockModel(tx, version.modelName());
    if (!versions.add(tx, version)
        || versions.deleted(tx, version.modelName(), version.version())) {
      return;
    }
    List<Stage> stages = Stage.of(Pipeline.fromJson(version.pipeline()).promote());
    apply(
        tx,
        version,
        Promotion.of(version, stages)
            .begin(version.passed(), version.verdict(), wanted(tx, version.modelName())));
  }

  /**
   * A model has another name in the registry. Where an environment began to want it meanwhile, it
   * keeps the old one here, since calls carry it.
   *
   * @param lastVersion highest version that had the old name
   * @return whether the model has the new name here as well
   */
  boolean renamed(Tx tx, String previousName, String modelName, int lastVersion) {
    promotions.lockModel(tx, previousName);
    promotions.lockModel(tx, modelName);
    if (environments.wantsAny(tx, previousName)) {
      return false;
    }
    versions.rename(tx, previousName, modelName, lastVersion);
    return true;
  }

  /**
   * Versions are in the registry no more: those that wait for people are rejected, and none of them
   * is promoted or gone back to. What an environment wants it keeps.
   */
  void deleted(Tx tx, String modelName, int first, int last, String by) {
    promotions.lockModel(tx, modelName);
    versions.delete(tx, modelName, first, last);
    for (Promotion open : promotions.open(tx, modelName)) {
      if (open.status() == PromotionStatus.AWAITING_APPROVAL
          && open.version() >= first
          && open.version() <= last) {
        apply(tx, known(tx, modelName, open.version()), open.deleted(by));
      }
    }
    approvals.pending(tx, modelName).stream()
        .filter(asked -> asked.version() >= first && asked.version() <= last)
        .forEach(asked -> withdraw(tx, asked, RejectionReason.VERSION_DELETED));
  }

  /**
   * A replica said what it serves.
   *
   * @return the wanted revision where its status changed by it
   */
  Optional<Deployment> reported(Tx tx, ReplicaReport report) {
    promotions.lockModel(tx, report.modelName());
    Optional<Deployment> changed = environments.report(tx, report);
    changed.ifPresent(
        now -> {
          switch (now.status()) {
            case DEPLOYED -> served(tx, now);
            case FAILED -> failed(tx, now, report);
            case PENDING -> throw new IllegalStateException("a report cannot lead to PENDING");
          }
        });
    return changed;
  }

  /** A person answers an approval. */
  Approval decide(Tx tx, UUID id, Person person, boolean approve, @Nullable String comment) {
    promotions.lockModel(tx, approval(tx, id).modelName());
    Approval before = approval(tx, id);
    Approval after = before.decide(person, approve, comment, now());
    if (after.equals(before)) {
      return before;
    }
    approvals.update(tx, before, after);
    events.answered(tx, after);
    switch (after.status()) {
      case APPROVED -> granted(tx, after, comment);
      case REJECTED -> refused(tx, after, person, comment);
      case PENDING, SUPERSEDED -> {}
    }
    return after;
  }

  /**
   * A person takes an environment back, without asking anybody.
   *
   * @param toVersion one that the environment wanted before; null for the one before the wanted one
   */
  Deployment rollBack(
      Tx tx,
      String environment,
      String modelName,
      Person person,
      @Nullable String comment,
      @Nullable Integer toVersion) {
    promotions.lockModel(tx, modelName);
    Deployment present =
        environments
            .wanted(tx, environment, modelName)
            .orElseThrow(
                () ->
                    Refusal.missing(
                        "not-deployed",
                        "Nothing was ever wanted for model '%s' in environment '%s', so there is nothing to go back from."
                            .formatted(modelName, environment)));
    if (toVersion != null && toVersion == present.version()) {
      return present;
    }
    int target =
        toVersion != null
            ? toVersion
            : environments
                .previousVersion(tx, present)
                .orElseThrow(
                    () ->
                        Refusal.conflict(
                            "no-previous-version",
                            "No version of %s before %d was ever served in %s."
                                .formatted(modelName, present.version(), environment)));
    if (!environments.everWanted(tx, environment, modelName, target)) {
      throw Refusal.conflict(
          "never-deployed",
          "Version %d of %s was never in %s; a rollback only goes to what was there before (see its history). To put it there, promote it."
              .formatted(target, modelName, environment));
    }
    requireThere(tx, modelName, target);
    return want(
        tx,
        environment,
        known(tx, modelName, target),
        new Change(Cause.ROLLBACK, List.of(person.name()), comment, null));
  }

  /** A person puts a version into an environment; where that needs approval, people are asked. */
  Answer promote(
      Tx tx,
      String modelName,
      int versionNumber,
      String environment,
      Person person,
      @Nullable String comment) {
    promotions.lockModel(tx, modelName);
    ModelVersion version = known(tx, modelName, versionNumber);
    requireThere(tx, modelName, versionNumber);
    if (!version.passed()) {
      throw Refusal.conflict(
          "gates-failed",
          "%s did not pass its gates: %s".formatted(version.label(), version.verdict()));
    }
    Stage stage = stage(version, environment);
    Optional<Deployment> present = environments.wanted(tx, environment, modelName);
    if (present.isPresent()
        && present.get().version() == versionNumber
        && present.get().status() != DeploymentStatus.FAILED) {
      return new Answer.Wanted(present.get());
    }
    if (stage.approvers() == 0) {
      return new Answer.Wanted(
          want(
              tx,
              environment,
              version,
              new Change(Cause.MANUAL, List.of(person.name()), comment, version.requestId())));
    }
    return new Answer.Waiting(
        approvals
            .pending(tx, modelName, versionNumber, environment)
            .orElseGet(() -> ask(tx, version, stage, person.name())));
  }

  private void served(Tx tx, Deployment now) {
    promotions
        .find(tx, now.modelName(), now.version())
        .flatMap(promotion -> promotion.deployed(now, wanted(tx, now.modelName())))
        .ifPresent(decided -> apply(tx, known(tx, now.modelName(), now.version()), decided));
  }

  private void failed(Tx tx, Deployment now, ReplicaReport report) {
    ModelVersion version = known(tx, now.modelName(), now.version());
    boolean rollback = now.change().cause() == Cause.ROLLBACK;
    // What was gone back to fails as well: going on back and forth would help nobody.
    Optional<Integer> previous =
        rollback ? Optional.empty() : environments.previousVersion(tx, now);
    String message =
        "Replica %s in %s could not serve version %d: %s %s"
            .formatted(
                report.replica(),
                now.environment(),
                now.version(),
                report.message(),
                previous
                    .map(v -> "%s goes back to version %d.".formatted(now.environment(), v))
                    .orElse("There is no earlier version to go back to."));
    Optional<Decided> decided =
        promotions
            .find(tx, now.modelName(), now.version())
            .flatMap(promotion -> promotion.failed(now, message));
    if (decided.isPresent()) {
      apply(tx, version, decided.get());
    } else if (!rollback) {
      events.rejected(
          tx,
          version,
          new Step.Reject(now.environment(), RejectionReason.DEPLOYMENT_FAILED, message, POLICY));
    }
    previous.ifPresent(
        back ->
            want(
                tx,
                now.environment(),
                known(tx, now.modelName(), back),
                new Change(
                    Cause.ROLLBACK,
                    List.of(POLICY),
                    "Version %d could not be served (revision %d)."
                        .formatted(now.version(), now.revision()),
                    null)));
  }

  private void granted(Tx tx, Approval approval, @Nullable String comment) {
    ModelVersion version = known(tx, approval.modelName(), approval.version());
    Optional<Promotion> waiting = waitingFor(tx, approval);
    if (waiting.isPresent()) {
      apply(tx, version, waiting.get().approved(approval.approvedBy(), comment));
      return;
    }
    want(
        tx,
        approval.environment(),
        version,
        new Change(Cause.APPROVAL, approval.approvedBy(), comment, approval.requestId()));
  }

  private void refused(Tx tx, Approval approval, Person person, @Nullable String comment) {
    ModelVersion version = known(tx, approval.modelName(), approval.version());
    Optional<Promotion> waiting = waitingFor(tx, approval);
    if (waiting.isPresent()) {
      apply(tx, version, waiting.get().refused(person.name(), comment));
      return;
    }
    events.rejected(
        tx,
        version,
        new Step.Reject(
            approval.environment(),
            RejectionReason.APPROVAL_REFUSED,
            Promotion.refusal(person.name(), comment),
            person.name()));
  }

  private Optional<Promotion> waitingFor(Tx tx, Approval approval) {
    return promotions
        .find(tx, approval.modelName(), approval.version())
        .filter(p -> p.status() == PromotionStatus.AWAITING_APPROVAL)
        .filter(p -> p.environment().equals(approval.environment()));
  }

  private void apply(Tx tx, ModelVersion version, Decided decided) {
    promotions.save(tx, decided.promotion());
    switch (decided.step()) {
      case Step.Promote(String environment, Change change) -> {
        Deployment deployment = want(tx, environment, version, change);
        promotions.save(tx, decided.promotion().withRevision(deployment.revision()));
      }
      case Step.AskApproval(Stage stage) -> {
        if (approvals
            .pending(tx, version.modelName(), version.version(), stage.environment())
            .isEmpty()) {
          ask(tx, version, stage, version.requestedBy());
        }
      }
      case Step.Reject reject -> events.rejected(tx, version, reject);
      case Step.Nothing() -> {}
    }
  }

  /** Wants the version, and ends what this leaves behind. */
  private Deployment want(Tx tx, String environment, ModelVersion version, Change change) {
    String model = version.modelName();
    Integer replaced =
        environments.wanted(tx, environment, model).map(Deployment::version).orElse(null);
    Deployment now = environments.want(tx, environment, version, change);
    if (change.cause() != Cause.ROLLBACK) {
      withdraw(tx, model, environment, asked -> asked.version() < now.version());
    }
    for (Promotion other : promotions.open(tx, model)) {
      other
          .displaced(now, replaced)
          .ifPresent(
              ended -> {
                withdraw(
                    tx, model, other.environment(), asked -> asked.version() == other.version());
                apply(tx, known(tx, model, other.version()), ended);
              });
    }
    return now;
  }

  private void withdraw(Tx tx, String model, String environment, Predicate<Approval> which) {
    approvals.pending(tx, model, environment).stream()
        .filter(which)
        .forEach(asked -> withdraw(tx, asked, RejectionReason.SUPERSEDED));
  }

  private void withdraw(Tx tx, Approval asked, RejectionReason why) {
    approvals.update(tx, asked, asked.superseded(now()));
    events.withdrawn(tx, asked, why);
  }

  private Approval ask(Tx tx, ModelVersion version, Stage stage, String requestedBy) {
    Approval approval =
        new Approval(
            ApprovalId.next(clock),
            version.requestId(),
            version.modelName(),
            version.version(),
            stage.environment(),
            stage.approvers(),
            requestedBy,
            Stream.of(version.requestedBy(), requestedBy).distinct().toList(),
            ApprovalStatus.PENDING,
            List.of(),
            now(),
            null);
    approvals.add(tx, approval);
    events.asked(tx, approval);
    return approval;
  }

  private Approval approval(Tx tx, UUID id) {
    return approvals
        .find(tx, id)
        .orElseThrow(
            () ->
                Refusal.missing(
                    "unknown-approval",
                    "There is no approval %s; GET /api/v1/approvals lists them.".formatted(id)));
  }

  private ModelVersion known(Tx tx, String modelName, int version) {
    return versions
        .find(tx, modelName, version)
        .orElseThrow(
            () ->
                versions
                    .failure(tx, modelName, version)
                    .map(
                        failure ->
                            Refusal.conflict(
                                "evaluation-failed",
                                "%s version %d could not be evaluated: %s"
                                    .formatted(modelName, version, failure)))
                    .orElseGet(
                        () ->
                            Refusal.missing(
                                "unknown-version",
                                "%s has no evaluated version %d; GET /api/v1/models lists the versions."
                                    .formatted(modelName, version))));
  }

  private void requireThere(Tx tx, String modelName, int version) {
    if (versions.deleted(tx, modelName, version)) {
      throw Refusal.conflict(
          "version-deleted",
          "Version %d of %s is deleted from the registry; GET /api/v1/models/%s/history says by whom."
              .formatted(version, modelName, modelName));
    }
  }

  private static Stage stage(ModelVersion version, String environment) {
    List<Stage> stages = Stage.of(Pipeline.fromJson(version.pipeline()).promote());
    return stages.stream()
        .filter(stage -> stage.environment().equals(environment))
        .findFirst()
        .orElseThrow(
            () ->
                Refusal.invalid(
                    "unknown-environment",
                    "The pipeline of %s has no environment '%s', only %s; add it to promote.environments and train again."
                        .formatted(
                            version.label(),
                            environment,
                            stages.stream().map(Stage::environment).toList())));
  }

  private Promotion.Wanted wanted(Tx tx, String modelName) {
    return environment -> environments.wanted(tx, environment, modelName);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
