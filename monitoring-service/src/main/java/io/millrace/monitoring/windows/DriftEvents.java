package io.millrace.monitoring.windows;

import io.millrace.database.Tx;
import io.millrace.events.ColumnDrift;
import io.millrace.events.DriftDetected;
import io.millrace.events.DriftResolved;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.Outbox;
import io.millrace.monitoring.models.Watch;
import io.millrace.pipeline.Pipeline;
import io.millrace.schemas.Topics;
import java.util.List;
import java.util.Objects;
import org.springframework.stereotype.Component;

/** Verdicts as events, stored in the transaction that closes the window. */
@Component
class DriftEvents {

  private static final int MOST_COLUMNS = 100;

  private final Outbox outbox;

  DriftEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void detected(
      Tx tx, Watch watch, Pipeline pipeline, Windows.Summary window, Comparison comparison) {
    outbox.append(
        tx,
        Topics.DRIFT,
        watch.key().toString(),
        DriftDetected.newBuilder()
            .setRequestId(watch.requestId())
            .setEnvironment(watch.key().environment())
            .setModelName(watch.key().model())
            .setVersion(watch.version())
            .setWindowStart(window.start())
            .setWindowEnd(window.end())
            .setRows(window.rows())
            .setShare(comparison.share())
            .setShareThreshold(pipeline.monitor().drift().share())
            .setColumns(columns(comparison))
            .build(),
        watch.requestId());
  }

  void resolved(
      Tx tx, Watch watch, Pipeline pipeline, Windows.Summary window, Comparison comparison) {
    outbox.append(
        tx,
        Topics.DRIFT,
        watch.key().toString(),
        DriftResolved.newBuilder()
            .setRequestId(watch.requestId())
            .setEnvironment(watch.key().environment())
            .setModelName(watch.key().model())
            .setVersion(watch.version())
            .setWindowStart(window.start())
            .setWindowEnd(window.end())
            .setRows(window.rows())
            .setShare(comparison.share())
            .setShareThreshold(pipeline.monitor().drift().share())
            .setColumns(columns(comparison))
            .build(),
        watch.requestId());
  }

  /** Asks for a new training; the request id follows from the window, so it is asked for once. */
  void retrain(Tx tx, Watch watch, Pipeline pipeline, Windows.Summary window) {
    String requestId =
        "drift-%s-%s-v%d-r%d-w%d"
            .formatted(
                watch.key().environment(),
                watch.key().model(),
                watch.version(),
                watch.revision(),
                window.number());
    outbox.append(
        tx,
        Topics.TRAIN_REQUESTS,
        requestId,
        TrainRequested.newBuilder()
            .setRequestId(requestId)
            .setPipeline(pipeline.name())
            .setRequestedBy("monitoring-service")
            .setReason("drift")
            .build(),
        requestId);
  }

  private static List<ColumnDrift> columns(Comparison comparison) {
    return comparison.columns().stream()
        .filter(column -> column.pValue() != null)
        .limit(MOST_COLUMNS)
        .map(
            column ->
                ColumnDrift.newBuilder()
                    .setColumn(column.column())
                    .setTest(Objects.requireNonNull(column.test()))
                    .setStatistic(Objects.requireNonNull(column.statistic()))
                    .setPValue(Objects.requireNonNull(column.pValue()))
                    .setAdjustedPValue(Objects.requireNonNull(column.adjustedPValue()))
                    .setPsi(Objects.requireNonNullElse(column.psi(), 0.0))
                    .setDrifted(column.drifted())
                    .build())
        .toList();
  }
}
