package io.millrace.messaging;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** On a compacted topic: the key is gone. Fields as in {@link ReceivedEvent}. */
public record ReceivedTombstone(
    String id,
    String key,
    @Nullable String flowId,
    Instant time,
    String topic,
    int partition,
    long offset) {}
