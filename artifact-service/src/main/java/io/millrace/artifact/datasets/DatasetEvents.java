package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;
import io.millrace.database.Tx;
import io.millrace.events.DatasetRef;
import io.millrace.events.DatasetRejected;
import io.millrace.events.DatasetVersionCreated;
import io.millrace.events.DatasetVersionDeleted;
import io.millrace.events.FileRef;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Tells the platform of versions, in the transaction that changes them, and of refusals. */
@Component
final class DatasetEvents {

  private final Outbox outbox;

  DatasetEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(Tx tx, DatasetVersion version) {
    StoredObject table = version.table();
    outbox.append(
        tx,
        Topics.DATASETS,
        version.name().value(),
        DatasetVersionCreated.newBuilder()
            .setDataset(
                DatasetRef.newBuilder()
                    .setName(version.name().value())
                    .setVersion(version.version())
                    .setDigest(version.digest())
                    .setContent(
                        FileRef.newBuilder()
                            .setUri(version.uri())
                            .setMediaType(version.mediaType())
                            .setSha256(table == null ? version.digest() : table.sha256())
                            .setSize(version.contentSize())
                            .build())
                    .build())
            .setRows(version.rows())
            .setColumns(version.columns())
            .setCreatedBy(version.createdBy())
            .build(),
        null);
  }

  void deleted(Tx tx, DatasetVersion version, String by, @Nullable String reason) {
    outbox.append(
        tx,
        Topics.DATASETS,
        version.name().value(),
        DatasetVersionDeleted.newBuilder()
            .setDatasetName(version.name().value())
            .setVersion(version.version())
            .setDigest(version.digest())
            .setBy(by)
            .setReason(reason)
            .build(),
        null);
  }

  void rejected(Tx tx, RejectedTable rejected) {
    outbox.append(
        tx,
        Topics.DATASETS,
        rejected.name().value(),
        DatasetRejected.newBuilder()
            .setDatasetName(rejected.name().value())
            .setFile(rejected.file())
            .setLine(rejected.line())
            .setReason(rejected.reason())
            .setMessage(rejected.message())
            .setRejectedAt(rejected.at())
            .setCreatedBy(rejected.createdBy())
            .build(),
        null);
  }
}
