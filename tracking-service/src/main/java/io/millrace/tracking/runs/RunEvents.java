package io.millrace.tracking.runs;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.InputsLogged;
import io.millrace.events.LoggedDataset;
import io.millrace.events.LoggedOutput;
import io.millrace.events.OutputsLogged;
import io.millrace.events.ParamsLogged;
import io.millrace.events.RunCreated;
import io.millrace.events.RunDeleted;
import io.millrace.events.RunEnded;
import io.millrace.events.RunRecovered;
import io.millrace.events.RunRestored;
import io.millrace.events.RunTagsChanged;
import io.millrace.events.RunUpdated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.experiments.TagEvents;
import io.millrace.tracking.mlflow.Names;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What runs of any client tell the others: an event for each call that changes something, none for
 * one that finds it so. A call publishes when all of its rows are written: the lock that an event
 * takes is the last it waits for, so calls on the same run cannot wait for each other in a circle.
 */
@Component
public class RunEvents {

  private static final int LONGEST_USER = 500;
  private static final int LONGEST_SOURCE_TYPE = 100;
  private static final String CONTEXT = "mlflow.data.context";

  private final Outbox outbox;

  RunEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * @param tags all it has
   */
  void created(Tx tx, Run run, SortedMap<String, String> tags, Change change) {
    append(
        tx,
        run,
        RunCreated.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setName(run.name())
            .setUserId(Names.truncated(run.userId(), LONGEST_USER))
            .setStartTime(run.startTime())
            .setArtifactUri(run.artifactUri())
            .setTags(TagEvents.some(tags))
            .setTotalTags(tags.size())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** A run is as a client wants it from now on, perhaps ended, perhaps no different. */
  void updated(Tx tx, Run before, Run after, Change change) {
    boolean ended = before.status().endsWith(after.status());
    boolean moved =
        before.status() != after.status() || !Objects.equals(before.endTime(), after.endTime());
    if (!before.name().equals(after.name()) || (moved && !ended)) {
      append(
          tx,
          after,
          RunUpdated.newBuilder()
              .setRequestId(after.requestId())
              .setRunId(after.id().value())
              .setExperimentId(after.experimentId().toString())
              .setName(after.name())
              .setStatus(after.status().name())
              .setEndTime(after.endTime())
              .setBy(change.by())
              .setReason(change.reason())
              .build());
    }
    if (ended) {
      ended(tx, after, null);
    }
  }

  void ended(Tx tx, Run run, @Nullable String reason) {
    append(
        tx,
        run,
        RunEnded.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setStatus(run.status().name())
            .setReason(reason)
            .build());
  }

  void recovered(Tx tx, Run run, long silentMillis) {
    append(
        tx,
        run,
        RunRecovered.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setSilentMillis(silentMillis)
            .build());
  }

  void deleted(Tx tx, Run run, Change change) {
    append(
        tx,
        run,
        RunDeleted.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void restored(Tx tx, Run run, Change change) {
    append(
        tx,
        run,
        RunRestored.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** Tags that have other values from now on; where there are none, nobody is told. */
  public void tagged(Tx tx, Run run, SortedMap<String, String> changed, Change change) {
    if (!changed.isEmpty()) {
      append(
          tx,
          run,
          RunTagsChanged.newBuilder()
              .setRequestId(run.requestId())
              .setRunId(run.id().value())
              .setExperimentId(run.experimentId().toString())
              .setTags(TagEvents.some(changed))
              .setTotal(changed.size())
              .setBy(change.by())
              .setReason(change.reason())
              .build());
    }
  }

  void untagged(Tx tx, Run run, String key, Change change) {
    append(
        tx,
        run,
        RunTagsChanged.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setTags(TagEvents.removed(key))
            .setTotal(1)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** Parameters that the run did not have; where there are none, nobody is told. */
  public void paramsLogged(Tx tx, Run run, SortedMap<String, String> added) {
    if (!added.isEmpty()) {
      append(
          tx,
          run,
          ParamsLogged.newBuilder()
              .setRequestId(run.requestId())
              .setRunId(run.id().value())
              .setExperimentId(run.experimentId().toString())
              .setParams(TagEvents.some(added))
              .setTotal(added.size())
              .build());
    }
  }

  void inputsLogged(Tx tx, Run run, List<DatasetInput> datasets, List<String> models) {
    if (datasets.isEmpty() && models.isEmpty()) {
      return;
    }
    append(
        tx,
        run,
        InputsLogged.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setDatasets(datasets.stream().limit(TagEvents.MOST).map(RunEvents::dataset).toList())
            .setTotalDatasets(datasets.size())
            .setModelIds(models.stream().limit(TagEvents.MOST).toList())
            .setTotalModels(models.size())
            .build());
  }

  private static LoggedDataset dataset(DatasetInput input) {
    return LoggedDataset.newBuilder()
        .setName(input.name())
        .setDigest(input.digest())
        .setSourceType(Names.truncated(input.sourceType(), LONGEST_SOURCE_TYPE))
        .setContext(
            input.tags().stream()
                .filter(tag -> tag.key().equals(CONTEXT))
                .map(Tag::value)
                .findFirst()
                .orElse(null))
        .build();
  }

  void outputsLogged(Tx tx, Run run, List<ModelOutput> models) {
    if (models.isEmpty()) {
      return;
    }
    append(
        tx,
        run,
        OutputsLogged.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setModels(
                models.stream()
                    .limit(TagEvents.MOST)
                    .map(
                        model ->
                            LoggedOutput.newBuilder()
                                .setModelId(model.modelId())
                                .setStep(model.step())
                                .build())
                    .toList())
            .setTotal(models.size())
            .build());
  }

  private void append(Tx tx, Run run, SpecificRecord event) {
    outbox.append(tx, Topics.RUNS, run.id().value(), event, run.requestId());
  }
}
