package io.millrace.tracking.runs;

import java.util.List;
import java.util.SortedMap;

/**
 * A run with its newest metrics, parameters, tags, inputs and outputs.
 *
 * @param modelInputs ids of logged models that it read
 */
public record RunDetails(
    Run run,
    List<Metric> metrics,
    SortedMap<String, String> params,
    SortedMap<String, String> tags,
    List<DatasetInput> inputs,
    List<String> modelInputs,
    List<ModelOutput> modelOutputs) {}
