package io.millrace.deployment.promotions;

import io.millrace.deployment.refusals.Refusal;
import io.millrace.problems.ApiProblem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A question to people: may this version go into that environment?
 *
 * @param approvers people who must say yes, at least 1
 * @param requestedBy who asked for it
 * @param barred who may not answer: the asker, and who asked for the training
 * @param decisions what people said so far, in order
 * @param closedAt when it was decided; null while PENDING
 */
record Approval(
    UUID id,
    String requestId,
    String modelName,
    int version,
    String environment,
    int approvers,
    String requestedBy,
    List<String> barred,
    ApprovalStatus status,
    List<Decision> decisions,
    Instant openedAt,
    @Nullable Instant closedAt) {

  Approval {
    barred = List.copyOf(barred);
    decisions = List.copyOf(decisions);
    if (approvers < 1) {
      throw new IllegalArgumentException("an approval by " + approvers + " people");
    }
  }

  /**
   * What one person said.
   *
   * @param approved true for yes
   */
  record Decision(String by, boolean approved, @Nullable String comment, Instant at) {}

  /**
   * One person says yes or no. Saying the same again changes nothing and gives this object back; a
   * no ends it at once.
   *
   * @throws ApiProblem {@code own-request} for who asked, {@code approval-closed} where it is
   *     decided
   */
  Approval decide(Person person, boolean approve, @Nullable String comment, Instant now) {
    if (barred.stream().anyMatch(person::is)) {
      throw Refusal.forbidden(
          "own-request",
          "%s asked for %s version %d and so may not decide on it; somebody else must."
              .formatted(person.name(), modelName, version));
    }
    Optional<Decision> last =
        decisions.reversed().stream().filter(d -> person.is(d.by())).findFirst();
    if (last.isPresent() && last.get().approved() == approve) {
      return this;
    }
    if (status != ApprovalStatus.PENDING) {
      throw Refusal.conflict(
          "approval-closed",
          "This approval is %s since %s; nothing can be decided on it any more."
              .formatted(status, closedAt));
    }
    List<Decision> more = new ArrayList<>(decisions);
    more.add(new Decision(person.name(), approve, comment, now));
    if (!approve) {
      return with(ApprovalStatus.REJECTED, more, now);
    }
    long yes = more.stream().filter(Decision::approved).count();
    return yes >= approvers
        ? with(ApprovalStatus.APPROVED, more, now)
        : with(ApprovalStatus.PENDING, more, null);
  }

  /** The question no longer stands. */
  Approval superseded(Instant now) {
    return with(ApprovalStatus.SUPERSEDED, decisions, now);
  }

  /** Who said yes, in order. */
  List<String> approvedBy() {
    return decisions.stream().filter(Decision::approved).map(Decision::by).toList();
  }

  private Approval with(
      ApprovalStatus next, List<Decision> nextDecisions, @Nullable Instant closed) {
    if (next != status && !status.canBecome(next)) {
      throw new IllegalStateException("approval %s is %s, not %s".formatted(id, status, next));
    }
    return new Approval(
        id,
        requestId,
        modelName,
        version,
        environment,
        approvers,
        requestedBy,
        barred,
        next,
        nextDecisions,
        openedAt,
        closed);
  }
}
