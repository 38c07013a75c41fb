package io.millrace.tracking.registry;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One line of a model's history.
 *
 * @param seq place among all lines
 * @param name what the model was called then
 * @param version null where it is about the model as a whole
 * @param subject the alias, tag or environment it is about; null where that follows from the kind
 * @param from what was before; null: nothing
 * @param to what is since; null: nothing
 * @param by who did it
 * @param revision of the environment's desired state
 * @param cause why an environment changed: POLICY, APPROVAL, MANUAL or ROLLBACK
 * @param requestId training request it belongs to
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record HistoryEntry(
    long seq,
    Instant at,
    Transition kind,
    String name,
    @Nullable Integer version,
    @Nullable String subject,
    @Nullable String from,
    @Nullable String to,
    String by,
    @Nullable String reason,
    @Nullable Long revision,
    @Nullable String cause,
    @Nullable String requestId) {}
