package io.millrace.tracking.webhooks;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a webhook wants to hear. Each list narrows; an empty one does not.
 *
 * @param types names of events; for MLflow's form of its topics
 * @param models registered models
 * @param pipelines pipelines of the requests that events belong to
 * @param flows request ids
 */
record Subscription(
    List<String> types, List<String> models, List<String> pipelines, List<String> flows) {

  Subscription {
    types = List.copyOf(types);
    models = List.copyOf(models);
    pipelines = List.copyOf(pipelines);
    flows = List.copyOf(flows);
  }

  /** Whether an event is wanted; what it does not say is null and wanted by no list. */
  boolean wants(
      String type, @Nullable String model, @Nullable String pipeline, @Nullable String flow) {
    return admits(types, type)
        && admits(models, model)
        && admits(pipelines, pipeline)
        && admits(flows, flow);
  }

  private static boolean admits(List<String> wanted, @Nullable String value) {
    return wanted.isEmpty() || (value != null && wanted.contains(value));
  }
}
