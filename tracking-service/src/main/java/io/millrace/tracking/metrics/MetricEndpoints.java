package io.millrace.tracking.metrics;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.loggedmodels.LoggedModelEvents;
import io.millrace.tracking.loggedmodels.LoggedModels;
import io.millrace.tracking.loggedmodels.ModelMetric;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.Run;
import io.millrace.tracking.runs.RunEvents;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.runs.RunLimits;
import io.millrace.tracking.runs.Runs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's calls that log metrics, alone or in a batch. */
@MlflowApi
class MetricEndpoints {

  static final int MOST_METRICS = 1000;
  private static final int MOST_PARAMS = 100;
  private static final int MOST_TAGS = 100;
  private static final int MOST_TOGETHER = 1000;
  private static final int LONGEST_DATASET_NAME = 500;
  private static final int LONGEST_DATASET_DIGEST = 36;

  private final Database database;
  private final Runs runs;
  private final MetricLog log;
  private final LoggedModels models;
  private final RunLimits limits;
  private final RunEvents events;
  private final LoggedModelEvents modelEvents;

  MetricEndpoints(
      Database database,
      Runs runs,
      MetricLog log,
      LoggedModels models,
      RunLimits limits,
      RunEvents events,
      LoggedModelEvents modelEvents) {
    this.events = events;
    this.modelEvents = modelEvents;
    this.database = database;
    this.runs = runs;
    this.log = log;
    this.models = models;
    this.limits = limits;
  }

  @PostMapping("/runs/log-metric")
  Map<String, String> logMetric(MlflowMessage message) {
    RunId id = RunId.of(message);
    Metric metric = metric(message, "name");
    List<ModelMetric> measured = measured(id, List.of(message), List.of(metric));
    if (measured.isEmpty()) {
      log.log(id, List.of(metric));
      return Map.of();
    }
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          log.log(tx, run, List.of(metric));
          modelEvents.measured(tx, run, models.addMetrics(tx, measured));
        });
    return Map.of();
  }

  @PostMapping("/runs/log-batch")
  Map<String, String> logBatch(MlflowMessage message, ServerHttpRequest request) {
    Optional<PlainBatch> plain = message.streamed(PlainBatch::read);
    if (plain.isPresent()) {
      log.log(plain.get().run(), plain.get().points());
      return Map.of();
    }
    RunId id = RunId.of(message);
    List<MlflowMessage> batch = message.messages("metrics");
    List<MlflowMessage> paramBatch = message.messages("params");
    List<MlflowMessage> tagBatch = message.messages("tags");
    limited(batch.size(), MOST_METRICS, "metrics");
    limited(paramBatch.size(), MOST_PARAMS, "params");
    limited(tagBatch.size(), MOST_TAGS, "tags");
    limited(
        batch.size() + paramBatch.size() + tagBatch.size(),
        MOST_TOGETHER,
        "metrics, params, and tags");
    List<Metric> points = points(batch);
    List<ModelMetric> measured = measured(id, batch, points);
    SortedMap<String, String> params = params(paramBatch);
    SortedMap<String, String> tags = new TreeMap<>();
    Tag.read(message, "tags").forEach((key, value) -> tags.put(key, limits.tagValue(value)));
    if (params.isEmpty() && tags.isEmpty() && measured.isEmpty()) {
      log.log(id, points);
      return Map.of();
    }
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          Runs.Params logged = runs.addParams(tx, id, params);
          refuseChanges(logged.differing(), params, id);
          log.log(tx, run, points);
          List<ModelMetric> added = models.addMetrics(tx, measured);
          SortedMap<String, String> changed = runs.setTags(tx, id, tags);
          modelEvents.measured(tx, run, added);
          events.paramsLogged(tx, run, logged.added());
          events.tagged(tx, run, changed, Change.of(request));
        });
    return Map.of();
  }

  static List<Metric> points(List<MlflowMessage> batch) {
    List<Metric> points = new ArrayList<>();
    for (MlflowMessage point : batch) {
      points.add(metric(point, point.path("name")));
    }
    return points;
  }

  /** The points that say which logged model they measure. */
  private static List<ModelMetric> measured(
      RunId run, List<MlflowMessage> messages, List<Metric> points) {
    List<ModelMetric> measured = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      MlflowMessage message = messages.get(i);
      String model = message.textOrEmpty("model_id");
      String dataset = named(message, "dataset_name", LONGEST_DATASET_NAME);
      String digest = named(message, "dataset_digest", LONGEST_DATASET_DIGEST);
      if (!model.isEmpty()) {
        measured.add(ModelMetric.of(run, points.get(i), model, dataset, digest));
      }
    }
    return measured;
  }

  private static String named(MlflowMessage message, String field, int longest) {
    String name = message.textOrEmpty(field);
    return name.isEmpty() ? name : Names.limited(name, message.path(field), longest);
  }

  private static Metric metric(MlflowMessage point, String path) {
    String key = Names.key(point.required("key"), path);
    double value = point.requiredDouble("value");
    long timestamp = point.requiredInt64("timestamp");
    if (timestamp < 0) {
      throw MlflowException.invalid(
          "Invalid value %d for parameter '%s' supplied: the timestamp counts milliseconds since 1970 and is not negative."
              .formatted(timestamp, point.path("timestamp")));
    }
    return new Metric(key, value, timestamp, point.int64("step").orElse(0L));
  }

  private SortedMap<String, String> params(List<MlflowMessage> batch) {
    SortedMap<String, String> params = new TreeMap<>();
    TreeSet<String> repeated = new TreeSet<>();
    for (MlflowMessage param : batch) {
      String key = Names.key(param.required("key"), param.path("key"));
      if (params.put(key, limits.paramValue(param.textOrEmpty("value"))) != null) {
        repeated.add(key);
      }
    }
    if (!repeated.isEmpty()) {
      throw MlflowException.invalid(
          "Duplicate parameter keys have been submitted: %s. Please ensure the request contains only one param value per param key."
              .formatted(
                  repeated.stream()
                      .map(key -> "'" + key + "'")
                      .collect(Collectors.joining(", ", "[", "]"))));
    }
    return params;
  }

  private static void refuseChanges(
      SortedMap<String, String> differing, SortedMap<String, String> params, RunId id) {
    if (!differing.isEmpty()) {
      throw MlflowException.invalid(
          "Changing param values is not allowed. Params were already logged='%s' for run ID='%s'."
              .formatted(
                  differing.entrySet().stream()
                      .map(
                          old ->
                              "{'key': '%s', 'old_value': '%s', 'new_value': '%s'}"
                                  .formatted(
                                      old.getKey(), old.getValue(), params.get(old.getKey())))
                      .collect(Collectors.joining(", ", "[", "]")),
                  id));
    }
  }

  private static void limited(int size, int most, String what) {
    if (size > most) {
      throw MlflowException.invalid(
          "A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests and try again."
              .formatted(most, what, size, what, what));
    }
  }
}
