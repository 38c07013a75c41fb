package io.millrace.tracking.loggedmodels;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.LoggedModelCreated;
import io.millrace.events.LoggedModelDeleted;
import io.millrace.events.LoggedModelMetricsLogged;
import io.millrace.events.LoggedModelParamsLogged;
import io.millrace.events.LoggedModelTagsChanged;
import io.millrace.events.LoggedModelUpdated;
import io.millrace.events.ModelMetricPoint;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.experiments.TagEvents;
import io.millrace.tracking.runs.Run;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What logged models tell the others: an event for each call that changes something, none for one
 * that finds it so. The caller holds the model's row.
 */
@Component
public class LoggedModelEvents {

  private static final int MOST_POINTS = 100;

  /** An event stays under 64 KiB; a point takes its texts and some 40 bytes. */
  private static final int MOST_BYTES = 48 * 1024;

  private static final int BYTES_BESIDE_TEXTS = 40;

  private static final Comparator<ModelMetric> NEWEST_LAST =
      Comparator.comparingLong(ModelMetric::step)
          .thenComparingLong(ModelMetric::timestamp)
          .thenComparingDouble(ModelMetric::value);

  private static final Comparator<ModelMetric> BY_KEY_AND_DATA =
      Comparator.comparing(ModelMetric::key)
          .thenComparing(point -> Objects.toString(point.datasetName(), ""))
          .thenComparing(point -> Objects.toString(point.datasetDigest(), ""));

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

  /**
   * Points that a run measured with logged models: an event for each of the models, since whoever
   * follows a model has its id and not those of the runs that measure it. {@code MetricsLogged} of
   * the run has them too, but gathers calls and says the newest of each key, whatever was measured
   * there: points of models would be lost in it. The topic is that of the model's other events, not
   * that of run metrics, whose only event would get another schema id by having a second beside it,
   * which replicas of an older release could not read.
   */
  public void measured(Tx tx, Run run, List<ModelMetric> stored) {
    stored.stream()
        .collect(Collectors.groupingBy(ModelMetric::modelId, TreeMap::new, Collectors.toList()))
        .forEach(
            (model, points) ->
                outbox.append(
                    tx,
                    Topics.RUNS,
                    model,
                    LoggedModelMetricsLogged.newBuilder()
                        .setRequestId(run.requestId())
                        .setModelId(model)
                        .setRunId(run.id().value())
                        .setExperimentId(run.experimentId().toString())
                        .setMetrics(newest(points))
                        .setTotal(points.size())
                        .build(),
                    run.requestId()));
  }

  /** The newest point of each key and dataset, as many as fit. */
  private static List<ModelMetricPoint> newest(List<ModelMetric> points) {
    List<ModelMetricPoint> some = new ArrayList<>();
    int bytes = 0;
    for (ModelMetric point :
        points.stream()
            .collect(
                Collectors.toMap(
                    ModelMetric::series, Function.identity(), BinaryOperator.maxBy(NEWEST_LAST)))
            .values()
            .stream()
            .sorted(BY_KEY_AND_DATA)
            .limit(MOST_POINTS)
            .toList()) {
      bytes +=
          3 * (length(point.key()) + length(point.datasetName()) + length(point.datasetDigest()))
              + BYTES_BESIDE_TEXTS;
      if (bytes > MOST_BYTES) {
        break;
      }
      some.add(
          ModelMetricPoint.newBuilder()
              .setKey(point.key())
              .setValue(point.value())
              .setStep(point.step())
              .setTimestamp(Instant.ofEpochMilli(point.timestamp()))
              .setDatasetName(point.datasetName())
              .setDatasetDigest(point.datasetDigest())
              .build());
    }
    return some;
  }

  private static int length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  private void append(Tx tx, LoggedModel model, SpecificRecord event) {
    outbox.append(tx, Topics.RUNS, model.id().value(), event, null);
  }
}
