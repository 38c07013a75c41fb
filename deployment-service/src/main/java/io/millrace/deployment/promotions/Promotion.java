package io.millrace.deployment.promotions;

import static io.millrace.deployment.environments.Change.POLICY;

import io.millrace.deployment.environments.Cause;
import io.millrace.deployment.environments.Change;
import io.millrace.deployment.environments.Deployment;
import io.millrace.deployment.environments.DeploymentStatus;
import io.millrace.deployment.versions.ModelVersion;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The way of one model version through the environments of its pipeline, one after the other. It
 * decides; {@link Promotions} stores and {@link Rollout} carries out.
 *
 * @param requestId the flow it belongs to
 * @param stages the environments in order, as the pipeline had them when the version was evaluated
 * @param stage index of the current one
 * @param revision the revision that wants it in the current environment; null unless DEPLOYING
 * @param reason why it was rejected; null otherwise
 */
record Promotion(
    String modelName,
    int version,
    String requestId,
    List<Stage> stages,
    int stage,
    PromotionStatus status,
    @Nullable Long revision,
    @Nullable RejectionReason reason,
    @Nullable String message) {

  Promotion {
    stages = List.copyOf(stages);
    if (stages.isEmpty() || stage < 0 || stage >= stages.size()) {
      throw new IllegalArgumentException(
          "stage %d of %d for %s version %d".formatted(stage, stages.size(), modelName, version));
    }
  }

  /** What the environments want while a decision is taken. */
  @FunctionalInterface
  interface Wanted {
    Optional<Deployment> in(String environment);
  }

  /** A new state and what it asks for. */
  record Decided(Promotion promotion, Step step) {}

  /** A version with a verdict, before the first decision. */
  static Promotion of(ModelVersion version, List<Stage> stages) {
    return new Promotion(
        version.modelName(),
        version.version(),
        version.requestId(),
        stages,
        0,
        PromotionStatus.EVALUATED,
        null,
        null,
        null);
  }

  Stage current() {
    return stages.get(stage);
  }

  String environment() {
    return current().environment();
  }

  /** Follows the verdict: into the first environment, or nowhere. */
  Decided begin(boolean passed, String verdict, Wanted wanted) {
    return passed ? enter(0, wanted) : rejected(RejectionReason.GATES_FAILED, verdict, POLICY);
  }

  /**
   * Enough people approved it for the current environment. Their word holds even where the
   * environment wants a newer version by now.
   */
  Decided approved(List<String> people, @Nullable String comment) {
    return promoted(this, new Change(Cause.APPROVAL, people, comment, requestId));
  }

  /** A person refused it for the current environment. */
  Decided refused(String person, @Nullable String comment) {
    return rejected(RejectionReason.APPROVAL_REFUSED, refusal(person, comment), person);
  }

  /** It was deleted from the registry while it waited for people. */
  Decided deleted(String by) {
    return rejected(
        RejectionReason.VERSION_DELETED,
        "%s deleted version %d of %s from the registry.".formatted(by, version, modelName),
        by);
  }

  /** A refusal in words. */
  static String refusal(String person, @Nullable String comment) {
    return comment == null || comment.isBlank()
        ? "%s refused it without a comment.".formatted(person)
        : comment;
  }

  /** A replica serves the revision; empty where that is not what this promotion waits for. */
  Optional<Decided> deployed(Deployment served, Wanted wanted) {
    if (!waitsFor(served)) {
      return Optional.empty();
    }
    return Optional.of(
        stage + 1 == stages.size()
            ? new Decided(
                to(PromotionStatus.COMPLETED, stage, null, null, null), new Step.Nothing())
            : enter(stage + 1, wanted));
  }

  /** The revision could not be served; empty where that is not what this promotion waits for. */
  Optional<Decided> failed(Deployment failed, String message) {
    return waitsFor(failed)
        ? Optional.of(rejected(RejectionReason.DEPLOYMENT_FAILED, message, POLICY))
        : Optional.empty();
  }

  /**
   * An environment got another version. Ends this promotion where it was on its way into that
   * environment, where it waited there with an older version, or where its own version was taken
   * back.
   *
   * @param replaced the version that was wanted before; null for none
   */
  Optional<Decided> displaced(Deployment now, @Nullable Integer replaced) {
    if (!status.isOpen() || now.version() == version) {
      return Optional.empty();
    }
    boolean here = now.environment().equals(environment());
    boolean rollback = now.change().cause() == Cause.ROLLBACK;
    boolean takenBack = rollback && replaced != null && replaced == version;
    boolean overtaken =
        here
            && switch (status) {
              case DEPLOYING -> true;
              case AWAITING_APPROVAL, EVALUATED -> !rollback && now.version() > version;
              case COMPLETED, REJECTED -> false;
            };
    return takenBack || overtaken
        ? Optional.of(
            rejected(
                RejectionReason.SUPERSEDED,
                "%s %s version %d by decision of %s (revision %d)."
                    .formatted(
                        now.environment(),
                        rollback ? "went back to" : "wants",
                        now.version(),
                        now.change().people(),
                        now.revision()),
                now.change().people()))
        : Optional.empty();
  }

  /** After the environment took it. */
  Promotion withRevision(long wantedRevision) {
    if (status != PromotionStatus.DEPLOYING) {
      throw new IllegalStateException(
          "%s version %d is %s, so revision %d cannot be its own"
              .formatted(modelName, version, status, wantedRevision));
    }
    return new Promotion(
        modelName, version, requestId, stages, stage, status, wantedRevision, reason, message);
  }

  private boolean waitsFor(Deployment deployment) {
    return status == PromotionStatus.DEPLOYING
        && deployment.environment().equals(environment())
        && revision != null
        && deployment.revision() == revision;
  }

  private Decided enter(int next, Wanted wanted) {
    Stage entered = stages.get(next);
    Promotion there =
        new Promotion(modelName, version, requestId, stages, next, status, null, reason, message);
    Optional<Deployment> present = wanted.in(entered.environment());
    Optional<Decided> newer = newerThere(there, present);
    if (newer.isPresent()) {
      return newer.get();
    }
    if (present.isPresent() && present.get().version() == version) {
      return there.join(present.get(), wanted);
    }
    if (entered.approvers() > 0) {
      return new Decided(
          there.to(PromotionStatus.AWAITING_APPROVAL, next, null, null, null),
          new Step.AskApproval(entered));
    }
    return promoted(there, new Change(Cause.POLICY, List.of(POLICY), null, requestId));
  }

  /** Somebody has put this version there already. */
  private Decided join(Deployment present, Wanted wanted) {
    Promotion deploying = to(PromotionStatus.DEPLOYING, stage, present.revision(), null, null);
    return switch (present.status()) {
      case PENDING -> new Decided(deploying, new Step.Nothing());
      case DEPLOYED -> deploying.deployed(present, wanted).orElseThrow();
      case FAILED ->
          deploying
              .failed(present, present.message() == null ? "It failed there." : present.message())
              .orElseThrow();
    };
  }

  private static Optional<Decided> newerThere(Promotion there, Optional<Deployment> present) {
    return present
        .filter(d -> d.version() > there.version && d.status() != DeploymentStatus.FAILED)
        .map(
            d ->
                there.rejected(
                    RejectionReason.SUPERSEDED,
                    "%s already wants the newer version %d; an older one never replaces it by itself. Promote it by hand if it is wanted."
                        .formatted(d.environment(), d.version()),
                    POLICY));
  }

  private static Decided promoted(Promotion there, Change change) {
    return new Decided(
        there.to(PromotionStatus.DEPLOYING, there.stage, null, null, null),
        new Step.Promote(there.environment(), change));
  }

  private Decided rejected(RejectionReason why, String words, String by) {
    return new Decided(
        to(PromotionStatus.REJECTED, stage, null, why, words),
        new Step.Reject(environment(), why, words, by));
  }

  private Promotion to(
      PromotionStatus next,
      int nextStage,
      @Nullable Long nextRevision,
      @Nullable RejectionReason nextReason,
      @Nullable String nextMessage) {
    if (!status.canBecome(next)) {
      throw new IllegalStateException(
          "%s version %d is %s and cannot become %s".formatted(modelName, version, status, next));
    }
    return new Promotion(
        modelName,
        version,
        requestId,
        stages,
        nextStage,
        next,
        nextRevision,
        nextReason,
        nextMessage);
  }
}
