package io.millrace.tracking.loggedmodels;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.LifecycleStage;

/**
 * A logged model without its parameters, tags and metrics.
 *
 * @param modelType what its client calls its kind, perhaps empty
 * @param sourceRunId run that made it, perhaps empty
 * @param created milliseconds since 1970
 * @param updated milliseconds since 1970
 */
public record LoggedModel(
    LoggedModelId id,
    ExperimentId experimentId,
    String name,
    String artifactUri,
    LoggedModelStatus status,
    String modelType,
    String sourceRunId,
    long created,
    long updated,
    LifecycleStage stage) {}
