package io.millrace.deployment.promotions;

import io.millrace.database.Tx;
import io.millrace.deployment.versions.ModelVersion;
import io.millrace.events.ApprovalRequested;
import io.millrace.events.ModelRejected;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.springframework.stereotype.Component;

/** Says on the topics what was asked and what was refused. */
@Component
class PromotionEvents {
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
