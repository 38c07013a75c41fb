package io.millrace.tracking.experiments;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.ExperimentCreated;
import io.millrace.events.ExperimentDeleted;
import io.millrace.events.ExperimentRenamed;
import io.millrace.events.ExperimentRestored;
import io.millrace.events.ExperimentTagChanged;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What experiments tell the others. */
@Component
class ExperimentEvents {

  private final Outbox outbox;

  ExperimentEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(Tx tx, Experiment experiment, Change change) {
    append(
        tx,
        experiment.id(),
        ExperimentCreated.newBuilder()
            .setExperimentId(experiment.id().toString())
            .setName(experiment.name())
            .setArtifactLocation(experiment.artifactLocation())
            .setTags(TagEvents.some(experiment.tags()))
            .setTotalTags(experiment.tags().size())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void renamed(Tx tx, Experiment before, String name, Change change) {
    append(
        tx,
        before.id(),
        ExperimentRenamed.newBuilder()
            .setExperimentId(before.id().toString())
            .setPreviousName(before.name())
            .setName(name)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void deleted(Tx tx, ExperimentId id, String name, long runs, Change change) {
    append(
        tx,
        id,
        ExperimentDeleted.newBuilder()
            .setExperimentId(id.toString())
            .setName(name)
            .setRuns(runs)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void restored(Tx tx, ExperimentId id, String name, long runs, Change change) {
    append(
        tx,
        id,
        ExperimentRestored.newBuilder()
            .setExperimentId(id.toString())
            .setName(name)
            .setRuns(runs)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** A tag that has another value, or none, from now on. */
  void tagged(Tx tx, ExperimentId id, String key, @Nullable String value, Change change) {
    append(
        tx,
        id,
        ExperimentTagChanged.newBuilder()
            .setExperimentId(id.toString())
            .setKey(key)
            .setValue(value)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  private void append(Tx tx, ExperimentId id, SpecificRecord event) {
    outbox.append(tx, Topics.EXPERIMENTS, id.toString(), event, null);
  }
}
