package io.millrace.tracking.runs;

import io.millrace.database.Tx;
import io.millrace.events.RunEnded;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.springframework.stereotype.Component;

/** What runs of any client tell the others. */
@Component
class RunEvents {

  private final Outbox outbox;

  RunEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void ended(Tx tx, Run run) {
    outbox.append(
        tx,
        Topics.RUNS,
        run.id().value(),
        RunEnded.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setStatus(run.status().name())
            .build(),
        run.requestId());
  }
}
