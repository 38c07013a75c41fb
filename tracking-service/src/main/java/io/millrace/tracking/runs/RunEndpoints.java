package io.millrace.tracking.runs;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.tracking.experiments.Experiment;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.Experiments;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.idempotency.Idempotency;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import tools.jackson.databind.node.ObjectNode;

/** MLflow's calls about runs, without those that log metrics. */
@MlflowApi
class RunEndpoints {

  private static final int LONGEST_MODEL_ID = 500;

  private final Database database;
  private final Experiments experiments;
  private final Runs runs;
  private final RunDocuments documents;
  private final RunLimits limits;
  private final RunEvents events;
  private final Idempotency idempotency;

  RunEndpoints(
      Database database,
      Experiments experiments,
      Runs runs,
      RunDocuments documents,
      RunLimits limits,
      RunEvents events,
      Idempotency idempotency) {
    this.database = database;
    this.experiments = experiments;
    this.runs = runs;
    this.documents = documents;
    this.limits = limits;
    this.events = events;
    this.idempotency = idempotency;
  }

  @PostMapping("/runs/create")
  ResponseEntity<byte[]> create(MlflowMessage message, ServerHttpRequest request) {
    ExperimentId experimentId =
        message
            .text("experiment_id")
            .filter(text -> !text.isEmpty())
            .map(ExperimentId::parse)
            .orElse(ExperimentId.DEFAULT);
    SortedMap<String, String> tags = new TreeMap<>();
    Tag.read(message, "tags").forEach((key, value) -> tags.put(key, limits.tagValue(value)));
    String name = name(limits.tagValue(message.textOrEmpty("run_name")), tags.get(Runs.NAME_TAG));
    long startTime = message.int64("start_time").orElse(0L);
    String user = message.textOrEmpty("user_id");
    RunId id = RunId.random();
    return idempotency.once(
        request,
        message,
        tx -> {
          Experiment experiment = experiments.getForUse(tx, experimentId);
          experiment.requireActive();
          Run run =
              new Run(
                  id,
                  experimentId,
                  name,
                  user,
                  RunStatus.RUNNING,
                  startTime,
                  null,
                  experiment.artifactUri(id.value()),
                  LifecycleStage.ACTIVE,
                  null);
          events.created(tx, run, runs.create(tx, run, tags), Change.of(request));
          return new RunMessages.One(documents.of(tx, List.of(run)).getFirst().created());
        });
  }

  @GetMapping("/runs/get")
  RunMessages.One get(MlflowMessage message) {
    RunId id = RunId.of(message);
    return new RunMessages.One(database.read(tx -> documents.get(tx, id)));
  }

  @PostMapping("/runs/update")
  RunMessages.Updated update(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    RunStatus status = message.constant("status", RunStatus.class).orElse(null);
    Long endTime = message.int64("end_time").orElse(null);
    String name =
        message.text("run_name").filter(text -> !text.isEmpty()).map(limits::tagValue).orElse(null);
    return new RunMessages.Updated(
        RunMessages.Info.of(
            database.inTransaction(
                tx -> {
                  Run before = runs.getForUpdate(tx, id).requireActive();
                  Run after = before.updated(status, endTime, name);
                  runs.update(tx, after);
                  if (name != null) {
                    runs.setTags(tx, id, new TreeMap<>(Map.of(Runs.NAME_TAG, name)));
                  }
                  events.updated(tx, before, after, Change.of(request));
                  return after;
                })));
  }

  @PostMapping("/runs/delete")
  Map<String, String> delete(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    database.inTransactionVoid(
        tx ->
            runs.move(tx, id, LifecycleStage.DELETED)
                .ifPresent(run -> events.deleted(tx, run, Change.of(request))));
    return Map.of();
  }

  @PostMapping("/runs/restore")
  Map<String, String> restore(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    database.inTransactionVoid(
        tx ->
            runs.move(tx, id, LifecycleStage.ACTIVE)
                .ifPresent(run -> events.restored(tx, run, Change.of(request))));
    return Map.of();
  }

  @PostMapping("/runs/log-parameter")
  Map<String, String> logParameter(MlflowMessage message) {
    RunId id = RunId.of(message);
    String key = Names.key(message.required("key"), "key");
    String value = limits.paramValue(message.textOrEmpty("value"));
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          Runs.Params params = runs.addParams(tx, id, new TreeMap<>(Map.of(key, value)));
          params
              .differing()
              .forEach(
                  (changed, old) -> {
                    throw MlflowException.invalid(
                        "Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'. Attempted logging new value '%s'."
                            .formatted(changed, old, id, value));
                  });
          events.paramsLogged(tx, run, params.added());
        });
    return Map.of();
  }

  @PostMapping("/runs/set-tag")
  Map<String, String> setTag(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    String key = Names.key(message.required("key"), "key");
    String value = limits.tagValue(message.textOrEmpty("value"));
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          events.tagged(
              tx, run, runs.setTags(tx, id, new TreeMap<>(Map.of(key, value))), Change.of(request));
        });
    return Map.of();
  }

  @PostMapping("/runs/delete-tag")
  Map<String, String> deleteTag(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    String key = message.required("key");
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          runs.deleteTag(tx, id, key);
          events.untagged(tx, run, key, Change.of(request));
        });
    return Map.of();
  }

  @PostMapping("/runs/log-inputs")
  Map<String, String> logInputs(MlflowMessage message) {
    RunId id = RunId.of(message);
    List<DatasetInput> inputs = new ArrayList<>();
    for (MlflowMessage input : message.messages("datasets")) {
      inputs.add(input(input));
    }
    List<String> models =
        message.messages("models").stream().map(RunEndpoints::modelId).sorted().toList();
    inputs.sort(Comparator.comparing(DatasetInput::name).thenComparing(DatasetInput::digest));
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          events.inputsLogged(
              tx,
              run,
              inputs.stream().filter(input -> runs.addInput(tx, id, input)).toList(),
              models.stream().filter(model -> runs.addModelInput(tx, id, model)).toList());
        });
    return Map.of();
  }

  @PostMapping("/runs/outputs")
  Map<String, String> logOutputs(MlflowMessage message) {
    RunId id = RunId.of(message);
    List<ModelOutput> outputs = new ArrayList<>();
    for (MlflowMessage output : message.messages("models")) {
      outputs.add(new ModelOutput(modelId(output), output.requiredInt64("step")));
    }
    if (outputs.isEmpty()) {
      throw message.missing("models");
    }
    outputs.sort(Comparator.comparing(ModelOutput::modelId));
    database.inTransactionVoid(
        tx -> {
          Run run = runs.get(tx, id).requireActive();
          events.outputsLogged(
              tx,
              run,
              outputs.stream().filter(output -> runs.addModelOutput(tx, id, output)).toList());
        });
    return Map.of();
  }

  @PostMapping("/runs/log-model")
  Map<String, String> logModel(MlflowMessage message, ServerHttpRequest request) {
    RunId id = RunId.of(message);
    ObjectNode entry = LoggedFlavors.entry(message.required("model_json"));
    database.inTransactionVoid(
        tx -> {
          Run run = runs.getForUpdate(tx, id).requireActive();
          String history = runs.tag(tx, id, LoggedFlavors.TAG).orElse("[]");
          events.tagged(
              tx,
              run,
              runs.setTags(
                  tx,
                  id,
                  new TreeMap<>(Map.of(LoggedFlavors.TAG, LoggedFlavors.appended(history, entry)))),
              Change.of(request));
        });
    return Map.of();
  }

  private static String modelId(MlflowMessage model) {
    return Names.limited(model.required("model_id"), model.path("model_id"), LONGEST_MODEL_ID);
  }

  private static DatasetInput input(MlflowMessage input) {
    MlflowMessage dataset = input.message("dataset").orElseThrow(() -> input.missing("dataset"));
    return new DatasetInput(
        Names.limited(dataset.required("name"), dataset.path("name"), 500),
        Names.limited(dataset.required("digest"), dataset.path("digest"), 36),
        dataset.required("source_type"),
        Names.limited(dataset.required("source"), dataset.path("source"), 65_535),
        dataset
            .text("schema")
            .map(text -> Names.limited(text, dataset.path("schema"), 1_048_575))
            .orElse(null),
        dataset
            .text("profile")
            .map(text -> Names.limited(text, dataset.path("profile"), 16_777_215))
            .orElse(null),
        input.messages("tags").stream()
            .map(
                tag ->
                    new Tag(
                        Names.limited(tag.required("key"), tag.path("key"), 255),
                        Names.limited(tag.textOrEmpty("value"), tag.path("value"), 500)))
            .toList());
  }

  private static String name(String given, @Nullable String tag) {
    if (!given.isEmpty() && tag != null && !tag.isEmpty() && !tag.equals(given)) {
      throw MlflowException.invalid(
          "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='%s', mlflow.runName='%s')."
              .formatted(given, tag));
    }
    if (!given.isEmpty()) {
      return given;
    }
    return tag == null || tag.isEmpty() ? RunNames.random() : tag;
  }
}
