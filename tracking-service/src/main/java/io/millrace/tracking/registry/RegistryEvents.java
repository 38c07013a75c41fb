package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import io.millrace.events.FileRef;
import io.millrace.events.ModelVersionCreated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.springframework.stereotype.Component;

/** What the registry tells the others. */
@Component
class RegistryEvents {

  private final Outbox outbox;

  RegistryEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(Tx tx, ModelVersion version) {
    ModelPackage held = version.modelPackage();
    outbox.append(
        tx,
        Topics.MODELS,
        version.name(),
        ModelVersionCreated.newBuilder()
            .setRequestId(version.requestId())
            .setRunId(version.runId().isEmpty() ? null : version.runId())
            .setModelName(version.name())
            .setVersion(version.version())
            .setSource(version.source())
            .setModelPackage(
                held == null
                    ? null
                    : FileRef.newBuilder()
                        .setUri(held.uri())
                        .setMediaType(held.mediaType())
                        .setSha256(held.sha256())
                        .setSize(held.size())
                        .build())
            .build(),
        version.requestId());
  }
}
