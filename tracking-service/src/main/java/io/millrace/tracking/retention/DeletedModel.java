package io.millrace.tracking.retention;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A logged model that somebody deleted.
 *
 * @param neededBy what alive keeps it, in words; null where nothing does
 */
record DeletedModel(
    String modelId,
    String experimentId,
    String name,
    String artifactUri,
    Instant deletedAt,
    @Nullable String neededBy) {}
