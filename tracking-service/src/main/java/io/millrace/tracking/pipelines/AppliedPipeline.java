package io.millrace.tracking.pipelines;

import io.millrace.pipeline.Pipeline;
import java.time.Instant;

/**
 * A version of a pipeline file.
 *
 * @param version counted from 1 for each name
 * @param definition the file as it was given
 * @param pipeline what it says, defaults filled in
 */
public record AppliedPipeline(
    String name, int version, String definition, Pipeline pipeline, Instant createdAt) {}
