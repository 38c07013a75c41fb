package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Data that a run read, as its client or the intake described it. */
public record DatasetInput(
    String name,
    String digest,
    String sourceType,
    String source,
    @Nullable String schema,
    @Nullable String profile,
    List<Tag> tags) {}
