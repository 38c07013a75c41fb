package io.millrace.tracking.runs;

import io.millrace.database.Tx;
import io.millrace.events.RunEnded;
import io.millrace.events.RunRecovered;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What runs of any client tell the others. */
@Component
class RunEvents {

  private final Outbox outbox;

  RunEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void ended(Tx tx, Run run, @Nullable String reason) {
    outbox.append(
        tx,
        Topics.RUNS,
        run.id().value(),
        RunEnded.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setStatus(run.status().name())
            .setReason(reason)
            .build(),
        run.requestId());
  }

  void recovered(Tx tx, Run run, long silentMillis) {
    outbox.append(
        tx,
        Topics.RUNS,
        run.id().value(),
        RunRecovered.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setExperimentId(run.experimentId().toString())
            .setSilentMillis(silentMillis)
            .build(),
        run.requestId());
  }
}
