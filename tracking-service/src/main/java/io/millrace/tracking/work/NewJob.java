package io.millrace.tracking.work;

import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.runs.RunId;

/** A run for one training worker, fully resolved. The model it makes has the pipeline's name. */
public record NewJob(
    RunId runId,
    ExperimentId experimentId,
    String requestId,
    Pipeline pipeline,
    DatasetVersion dataset,
    String requestedBy) {}
