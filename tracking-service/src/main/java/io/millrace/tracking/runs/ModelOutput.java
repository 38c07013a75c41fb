package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.ProtoJson;

/** A logged model that a run made, at one of its steps. */
@ProtoJson
public record ModelOutput(String modelId, long step) {}
