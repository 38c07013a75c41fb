package io.millrace.tracking.flows;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One event of the history.
 *
 * @param seq place in the history; grows with every event, and events become visible in its order
 * @param id CloudEvents id
 * @param type name of the event, or {@code DeadLettered}
 * @param flowId request it belongs to, if any
 * @param key record key
 * @param time when it happened
 * @param data the event as plain JSON
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlowEvent(
    long seq,
    String id,
    String type,
    @Nullable String flowId,
    String key,
    Instant time,
    String topic,
    int partition,
    long offset,
    @JsonRawValue String data) {}
