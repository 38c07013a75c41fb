package io.millrace.tracking.intake;

import io.millrace.database.Tx;
import io.millrace.events.TrainAccepted;
import io.millrace.events.TrainRequested;
import io.millrace.events.TrainingRejected;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.work.DatasetEvents;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What became of requests, told to the others. */
@Component
class IntakeEvents {

  private final Outbox outbox;

  IntakeEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void requested(Tx tx, RequestId id, TrainRequested request) {
    outbox.append(tx, Topics.TRAIN_REQUESTS, id.value(), request, id.value());
  }

  void accepted(
      Tx tx,
      TrainRequest request,
      Resolution.Resolved resolved,
      ExperimentId experiment,
      List<RunId> runs) {
    outbox.append(
        tx,
        Topics.REQUESTS,
        request.id().value(),
        TrainAccepted.newBuilder()
            .setRequestId(request.id().value())
            .setPipelineName(resolved.pipeline().name())
            .setPipelineVersion(resolved.pipelineVersion())
            .setExperimentId(experiment.toString())
            .setRunIds(runs.stream().map(RunId::value).toList())
            .setDataset(DatasetEvents.reference(resolved.dataset()))
            .setRequestedBy(request.requestedBy())
            .build(),
        request.id().value());
  }

  void rejected(
      Tx tx, RequestId id, @Nullable String pipeline, String requestedBy, List<Reason> reasons) {
    outbox.append(
        tx,
        Topics.REQUESTS,
        id.value(),
        TrainingRejected.newBuilder()
            .setRequestId(id.value())
            .setReasons(
                reasons.stream()
                    .map(
                        reason ->
                            io.millrace.events.Reason.newBuilder()
                                .setCode(reason.code())
                                .setMessage(reason.message())
                                .setPath(reason.path())
                                .build())
                    .toList())
            .setPipelineName(pipeline)
            .setRequestedBy(requestedBy)
            .build(),
        id.value());
  }
}
