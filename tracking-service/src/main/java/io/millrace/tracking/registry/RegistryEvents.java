package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.FileRef;
import io.millrace.events.ModelAliasChanged;
import io.millrace.events.ModelStageChanged;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.ModelVersionDeleted;
import io.millrace.events.ModelVersionTagChanged;
import io.millrace.events.ModelVersionUpdated;
import io.millrace.events.RegisteredModelCreated;
import io.millrace.events.RegisteredModelDeleted;
import io.millrace.events.RegisteredModelRenamed;
import io.millrace.events.RegisteredModelTagChanged;
import io.millrace.events.RegisteredModelUpdated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.mlflow.Names;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What the registry tells the others. */
@Component
class RegistryEvents {

  /** Keeps an event small; whoever needs the whole text asks the registry. */
  private static final int LONGEST_TEXT = 10_000;

  private final Outbox outbox;

  RegistryEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(Tx tx, RegisteredModel model, Change change) {
    append(
        tx,
        model.name(),
        RegisteredModelCreated.newBuilder()
            .setModelName(model.name())
            .setDescription(shortened(model.description()))
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void described(Tx tx, RegisteredModel model, String description, Change change) {
    append(
        tx,
        model.name(),
        RegisteredModelUpdated.newBuilder()
            .setModelName(model.name())
            .setDescription(shortened(description))
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void renamed(Tx tx, RegisteredModel before, String name, Change change) {
    append(
        tx,
        before.name(),
        RegisteredModelRenamed.newBuilder()
            .setPreviousName(before.name())
            .setModelName(name)
            .setLastVersion(before.lastVersion())
            .setPrompt(before.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void deleted(Tx tx, RegisteredModel model, Change change) {
    append(
        tx,
        model.name(),
        RegisteredModelDeleted.newBuilder()
            .setModelName(model.name())
            .setLastVersion(model.lastVersion())
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void tagged(Tx tx, RegisteredModel model, String key, @Nullable String value, Change change) {
    append(
        tx,
        model.name(),
        RegisteredModelTagChanged.newBuilder()
            .setModelName(model.name())
            .setKey(key)
            .setValue(value == null ? null : shortened(value))
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void versionCreated(Tx tx, RegisteredModel model, ModelVersion version, Change change) {
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
            .setPrompt(model.prompt())
            .setBy(change.by())
            .build(),
        version.requestId());
  }

  void versionDescribed(
      Tx tx, RegisteredModel model, int version, String description, Change change) {
    append(
        tx,
        model.name(),
        ModelVersionUpdated.newBuilder()
            .setModelName(model.name())
            .setVersion(version)
            .setDescription(shortened(description))
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void versionTagged(
      Tx tx,
      RegisteredModel model,
      int version,
      String key,
      @Nullable String value,
      Change change) {
    append(
        tx,
        model.name(),
        ModelVersionTagChanged.newBuilder()
            .setModelName(model.name())
            .setVersion(version)
            .setKey(key)
            .setValue(value == null ? null : shortened(value))
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void staged(Tx tx, RegisteredModel model, int version, String from, Stage to, Change change) {
    append(
        tx,
        model.name(),
        ModelStageChanged.newBuilder()
            .setModelName(model.name())
            .setVersion(version)
            .setPreviousStage(from)
            .setStage(to.text())
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** An alias that names another version, or none, from now on. */
  void aliased(
      Tx tx,
      RegisteredModel model,
      String alias,
      @Nullable Integer from,
      @Nullable Integer to,
      Change change) {
    append(
        tx,
        model.name(),
        ModelAliasChanged.newBuilder()
            .setModelName(model.name())
            .setAlias(alias)
            .setVersion(to)
            .setPreviousVersion(from)
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void versionDeleted(Tx tx, RegisteredModel model, int version, Change change) {
    append(
        tx,
        model.name(),
        ModelVersionDeleted.newBuilder()
            .setModelName(model.name())
            .setVersion(version)
            .setPrompt(model.prompt())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  private void append(Tx tx, String name, SpecificRecord event) {
    outbox.append(tx, Topics.MODELS, name, event, null);
  }

  private static String shortened(String text) {
    return Names.truncated(text, LONGEST_TEXT);
  }
}
