package io.millrace.tracking.retention;

import io.millrace.database.Tx;
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
}
