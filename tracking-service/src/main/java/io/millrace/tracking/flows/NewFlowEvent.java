package io.millrace.tracking.flows;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An event on its way into the history, with what its flow shows of it. */
record NewFlowEvent(
    String source,
    String id,
    String type,
    @Nullable String flowId,
    String key,
    @Nullable String runId,
    @Nullable String modelName,
    Instant time,
    String topic,
    int partition,
    long offset,
    String data,
    @Nullable String pipeline,
    @Nullable Integer version,
    @Nullable String requestedBy,
    List<String> runIds) {}
