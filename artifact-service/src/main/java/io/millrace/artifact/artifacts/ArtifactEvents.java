package io.millrace.artifact.artifacts;

import io.millrace.artifact.storage.StoredObject;
import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.ArtifactDeleted;
import io.millrace.events.ArtifactStored;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Tells the platform of files, as the last step of the transaction that changes them. */
@Component
final class ArtifactEvents {

  private final Outbox outbox;

  ArtifactEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * A path has other bytes. Told within a second or so: a run stores files by the thousand, and to
   * relay each alone costs more than to store it.
   *
   * @param previousSha256 of the bytes before; null where there were none
   */
  void stored(
      Tx tx,
      ArtifactPath path,
      StoredObject object,
      String mediaType,
      @Nullable String previousSha256,
      Change change) {
    ArtifactOwner owner = ArtifactOwner.of(path);
    outbox.appendUnhurried(
        tx,
        Topics.ARTIFACTS,
        owner.key(path),
        ArtifactStored.newBuilder()
            .setPath(path.value())
            .setRunId(owner.runId())
            .setModelId(owner.modelId())
            .setExperimentId(owner.experimentId())
            .setMediaType(mediaType)
            .setSha256(object.sha256())
            .setSize(object.size())
            .setPreviousSha256(previousSha256)
            .setBy(change.by())
            .setReason(change.reason())
            .build(),
        null);
  }

  /** A file, or a folder with everything in it, is gone. */
  void deleted(Tx tx, ArtifactPath path, Artifacts.Deleted deleted, Change change) {
    ArtifactOwner owner = ArtifactOwner.of(path);
    outbox.append(
        tx,
        Topics.ARTIFACTS,
        owner.key(path),
        ArtifactDeleted.newBuilder()
            .setPath(path.value())
            .setFolder(deleted.folder())
            .setRunId(owner.runId())
            .setModelId(owner.modelId())
            .setExperimentId(owner.experimentId())
            .setFiles(deleted.files())
            .setSize(deleted.size())
            .setSha256(deleted.sha256())
            .setBy(change.by())
            .setReason(change.reason())
            .build(),
        null);
  }
}
