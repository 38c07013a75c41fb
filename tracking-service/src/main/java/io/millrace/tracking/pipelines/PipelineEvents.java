package io.millrace.tracking.pipelines;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.PipelineApplied;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What pipelines tell the others: that there is a new version, without the file itself. */
@Component
class PipelineEvents {

  private final Outbox outbox;

  PipelineEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void applied(
      Tx tx,
      String name,
      int version,
      @Nullable Integer previous,
      String sha256,
      List<String> changed,
      Change change) {
    outbox.append(
        tx,
        Topics.PIPELINES,
        name,
        PipelineApplied.newBuilder()
            .setPipelineName(name)
            .setVersion(version)
            .setPreviousVersion(previous)
            .setSha256(sha256)
            .setChanged(changed)
            .setBy(change.by())
            .setReason(change.reason())
            .build(),
        null);
  }
}
