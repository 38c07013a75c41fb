package io.millrace.tracking.flows;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request and what became of it.
 *
 * @param version model version it made; null before
 * @param startedAt time of its first event
 * @param updatedAt time of its last event
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Flow(
    String requestId,
    FlowStatus status,
    @Nullable String pipeline,
    @Nullable String modelName,
    @Nullable Integer version,
    List<String> runIds,
    @Nullable String requestedBy,
    Instant startedAt,
    Instant updatedAt) {}
