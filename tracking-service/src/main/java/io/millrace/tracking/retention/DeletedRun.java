package io.millrace.tracking.retention;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A run that somebody deleted.
 *
 * @param neededBy what alive keeps it, in words; null where nothing does
 * @param requestId training request it belongs to; null for a run of any MLflow client
 */
record DeletedRun(
    String runId,
    String experimentId,
    String name,
    String artifactUri,
    Instant deletedAt,
    @Nullable String neededBy,
    @Nullable String requestId) {}
