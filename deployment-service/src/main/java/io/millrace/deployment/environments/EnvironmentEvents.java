package io.millrace.deployment.environments;

import io.millrace.database.Tx;
import io.millrace.deployment.versions.ModelVersion;
import io.millrace.events.DesiredState;
import io.millrace.events.FileRef;
import io.millrace.events.ModelPromoted;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Says what an environment wants, on the topics. */
@Component
class EnvironmentEvents {
  private final Outbox outbox;

  EnvironmentEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void wanted(
      Tx tx, Deployment deployment, ModelVersion version, @Nullable Integer previousVersion) {
    Change change = deployment.change();
    outbox.append(
        tx,
        Topics.PROMOTIONS,
        deployment.modelName(),
        ModelPromoted.newBuilder()
            .setRequestId(change.requestId())
            .setModelName(deployment.modelName())
            .setVersion(deployment.version())
            .setEnvironment(deployment.environment())
            .setPreviousVersion(previousVersion)
            .setRevision(deployment.revision())
            .setCause(change.cause().name())
            .setBy(change.by())
            .setComment(change.comment())
            .build(),
        change.requestId());
    outbox.append(
        tx,
        Topics.DESIRED_STATE,
        deployment.environment() + "/" + deployment.modelName(),
        DesiredState.newBuilder()
            .setRequestId(change.requestId())
            .setEnvironment(deployment.environment())
            .setModelName(deployment.modelName())
            .setVersion(deployment.version())
            .setRevision(deployment.revision())
            .setRunId(version.runId())
            .setModelPackage(
                FileRef.newBuilder()
                    .setUri(version.modelPackage().uri())
                    .setMediaType(version.modelPackage().mediaType())
                    .setSha256(version.modelPackage().sha256())
                    .setSize(version.modelPackage().size())
                    .build())
            .setPipeline(version.pipeline())
            .setDecidedAt(deployment.decidedAt())
            .build(),
        change.requestId());
  }
}
