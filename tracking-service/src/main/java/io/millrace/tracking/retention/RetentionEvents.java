package io.millrace.tracking.retention;

import io.millrace.database.Tx;
import io.millrace.events.ExperimentPurged;
import io.millrace.events.LoggedModelPurged;
import io.millrace.events.RunPurged;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.springframework.stereotype.Component;

/** What removals tell the others: the keeper of the files above all. */
@Component
class RetentionEvents {

  private final Outbox outbox;

  RetentionEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void purged(Tx tx, DeletedRun run, String by) {
    outbox.append(
        tx,
        Topics.RUNS,
        run.runId(),
        RunPurged.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.runId())
            .setExperimentId(run.experimentId())
            .setArtifactUri(run.artifactUri())
            .setDeletedAt(run.deletedAt())
            .setPurgedBy(by)
            .build(),
        run.requestId());
  }

  void purged(Tx tx, DeletedExperiment experiment, String by) {
    outbox.append(
        tx,
        Topics.EXPERIMENTS,
        experiment.experimentId(),
        ExperimentPurged.newBuilder()
            .setExperimentId(experiment.experimentId())
            .setName(experiment.name())
            .setDeletedAt(experiment.deletedAt())
            .setPurgedBy(by)
            .build(),
        null);
  }

  void purged(Tx tx, DeletedModel model, String by) {
    outbox.append(
        tx,
        Topics.RUNS,
        model.modelId(),
        LoggedModelPurged.newBuilder()
            .setModelId(model.modelId())
            .setExperimentId(model.experimentId())
            .setArtifactUri(model.artifactUri())
            .setDeletedAt(model.deletedAt())
            .setPurgedBy(by)
            .build(),
        null);
  }
}
