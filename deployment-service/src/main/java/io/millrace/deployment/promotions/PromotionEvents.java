package io.millrace.deployment.promotions;

import io.millrace.database.Tx;
import io.millrace.deployment.versions.ModelVersion;
import io.millrace.events.ApprovalAnswered;
import io.millrace.events.ApprovalRequested;
import io.millrace.events.ApprovalWithdrawn;
import io.millrace.events.ModelRejected;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Says on the topics what was asked, what was answered and what was refused. */
@Component
class PromotionEvents {
  private static final int LONGEST_COMMENT = 2000;

  private final Outbox outbox;

  PromotionEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void asked(Tx tx, Approval approval) {
    outbox.append(
        tx,
        Topics.PROMOTIONS,
        approval.modelName(),
        ApprovalRequested.newBuilder()
            .setRequestId(approval.requestId())
            .setApprovalId(approval.id().toString())
            .setModelName(approval.modelName())
            .setVersion(approval.version())
            .setEnvironment(approval.environment())
            .setApprovers(approval.approvers())
            .setRequestedBy(approval.requestedBy())
            .build(),
        approval.requestId());
  }

  /** The last decision on it is new. */
  void answered(Tx tx, Approval approval) {
    Approval.Decision decision = approval.decisions().getLast();
    outbox.append(
        tx,
        Topics.PROMOTIONS,
        approval.modelName(),
        ApprovalAnswered.newBuilder()
            .setRequestId(approval.requestId())
            .setApprovalId(approval.id().toString())
            .setModelName(approval.modelName())
            .setVersion(approval.version())
            .setEnvironment(approval.environment())
            .setApproved(decision.approved())
            .setBy(decision.by())
            .setComment(cut(decision.comment()))
            .setStatus(approval.status().name())
            .setApprovals(approval.approvedBy().size())
            .setApprovers(approval.approvers())
            .build(),
        approval.requestId());
  }

  void withdrawn(Tx tx, Approval approval, RejectionReason why) {
    outbox.append(
        tx,
        Topics.PROMOTIONS,
        approval.modelName(),
        ApprovalWithdrawn.newBuilder()
            .setRequestId(approval.requestId())
            .setApprovalId(approval.id().toString())
            .setModelName(approval.modelName())
            .setVersion(approval.version())
            .setEnvironment(approval.environment())
            .setReason(why.code())
            .build(),
        approval.requestId());
  }

  private static @Nullable String cut(@Nullable String comment) {
    if (comment == null || comment.length() <= LONGEST_COMMENT) {
      return comment;
    }
    boolean pair = Character.isHighSurrogate(comment.charAt(LONGEST_COMMENT - 1));
    return comment.substring(0, pair ? LONGEST_COMMENT - 1 : LONGEST_COMMENT);
  }

  void rejected(Tx tx, ModelVersion version, Step.Reject why) {
    outbox.append(
        tx,
        Topics.PROMOTIONS,
        version.modelName(),
        ModelRejected.newBuilder()
            .setRequestId(version.requestId())
            .setModelName(version.modelName())
            .setVersion(version.version())
            .setEnvironment(why.environment())
            .setReason(why.reason().code())
            .setMessage(why.message())
            .setBy(why.by())
            .build(),
        version.requestId());
  }
}
