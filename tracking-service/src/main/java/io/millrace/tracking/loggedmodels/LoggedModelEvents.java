package io.millrace.tracking.loggedmodels;

import io.millrace.database.Tx;
import io.millrace.events.LoggedModelCreated;
import io.millrace.events.LoggedModelDeleted;
import io.millrace.events.LoggedModelParamsLogged;
import io.millrace.events.LoggedModelTagsChanged;
import io.millrace.events.LoggedModelUpdated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.experiments.TagEvents;
import io.millrace.tracking.mlflow.Change;
import java.util.SortedMap;
import org.apache.avro.specific.SpecificRecord;
import org.springframework.stereotype.Component;

/**
 * What logged models tell the others: an event for each call that changes something, none for one
 * that finds it so. The caller holds the model's row.
 */
@Component
class LoggedModelEvents {

  private final Outbox outbox;

  LoggedModelEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(
      Tx tx,
      LoggedModel model,
      SortedMap<String, String> params,
      SortedMap<String, String> tags,
      Change change) {
    append(
        tx,
        model,
        LoggedModelCreated.newBuilder()
            .setModelId(model.id().value())
            .setExperimentId(model.experimentId().toString())
            .setName(model.name())
            .setModelType(model.modelType())
            .setRunId(model.sourceRunId().isEmpty() ? null : model.sourceRunId())
            .setArtifactUri(model.artifactUri())
            .setStatus(LoggedModelStatus.shortName(model.status().name()))
            .setParams(TagEvents.some(params))
            .setTotalParams(params.size())
            .setTags(TagEvents.some(tags))
            .setTotalTags(tags.size())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void updated(Tx tx, LoggedModel before, LoggedModelStatus status, Change change) {
    if (before.status() != status) {
      append(
          tx,
          before,
          LoggedModelUpdated.newBuilder()
              .setModelId(before.id().value())
              .setExperimentId(before.experimentId().toString())
              .setPreviousStatus(LoggedModelStatus.shortName(before.status().name()))
              .setStatus(LoggedModelStatus.shortName(status.name()))
              .setBy(change.by())
              .setReason(change.reason())
              .build());
    }
  }

  void deleted(Tx tx, LoggedModel model, Change change) {
    append(
        tx,
        model,
        LoggedModelDeleted.newBuilder()
            .setModelId(model.id().value())
            .setExperimentId(model.experimentId().toString())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void tagged(Tx tx, LoggedModel model, SortedMap<String, String> changed, Change change) {
    if (!changed.isEmpty()) {
      append(
          tx,
          model,
          LoggedModelTagsChanged.newBuilder()
              .setModelId(model.id().value())
              .setExperimentId(model.experimentId().toString())
              .setTags(TagEvents.some(changed))
              .setTotal(changed.size())
              .setBy(change.by())
              .setReason(change.reason())
              .build());
    }
  }

  void untagged(Tx tx, LoggedModel model, String key, Change change) {
    append(
        tx,
        model,
        LoggedModelTagsChanged.newBuilder()
            .setModelId(model.id().value())
            .setExperimentId(model.experimentId().toString())
            .setTags(TagEvents.removed(key))
            .setTotal(1)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void paramsLogged(Tx tx, LoggedModel model, SortedMap<String, String> added) {
    if (!added.isEmpty()) {
      append(
          tx,
          model,
          LoggedModelParamsLogged.newBuilder()
              .setModelId(model.id().value())
              .setExperimentId(model.experimentId().toString())
              .setParams(TagEvents.some(added))
              .setTotal(added.size())
              .build());
    }
  }

  private void append(Tx tx, LoggedModel model, SpecificRecord event) {
    outbox.append(tx, Topics.RUNS, model.id().value(), event, null);
  }
}
