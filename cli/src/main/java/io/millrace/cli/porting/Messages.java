package io.millrace.cli.porting;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * MLflow's messages, as they travel and as an export keeps them. What a server leaves out is null,
 * zero or an empty list; what it sends beyond them is let go.
 */
final class Messages {

  static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .changeDefaultPropertyInclusion(
              inclusion ->
                  inclusion.withValueInclusion(
                      com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL))
          .build();

  static final String DELETED = "deleted";

  private Messages() {}

  /** One message of an answer. */
  static <T> T read(JsonNode node, Class<T> type) {
    return JSON.treeToValue(node, type);
  }

  /** The messages of a list in an answer. */
  static <T> List<T> list(JsonNode answer, String field, Class<T> type) {
    List<T> items = new ArrayList<>();
    for (var item : answer.path(field)) {
      items.add(read(item, type));
    }
    return items;
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  record Tag(String key, String value) {
    Tag {
      key = orEmpty(key);
      value = orEmpty(value);
    }

    static Map<String, String> map(List<Tag> tags) {
      Map<String, String> map = new LinkedHashMap<>();
      tags.forEach(tag -> map.put(tag.key(), tag.value()));
      return map;
    }

    static List<Tag> list(Map<String, String> map) {
      return map.entrySet().stream().map(tag -> new Tag(tag.getKey(), tag.getValue())).toList();
    }
  }

  record Experiment(
      String experimentId,
      String name,
      String artifactLocation,
      String lifecycleStage,
      long creationTime,
      long lastUpdateTime,
      List<Tag> tags) {
    Experiment {
      experimentId = orEmpty(experimentId);
      name = orEmpty(name);
      artifactLocation = orEmpty(artifactLocation);
      lifecycleStage = orEmpty(lifecycleStage);
      tags = orEmpty(tags);
    }

    boolean deleted() {
      return lifecycleStage.equals(DELETED);
    }
  }

  record Metric(
      String key,
      double value,
      long timestamp,
      long step,
      @Nullable String modelId,
      @Nullable String datasetName,
      @Nullable String datasetDigest,
      @Nullable String runId) {

    Metric ofModel(@Nullable String model) {
      return new Metric(key, value, timestamp, step, model, datasetName, datasetDigest, runId);
    }
  }

  record RunInfo(
      String runId,
      @Nullable String runUuid,
      String runName,
      String experimentId,
      String userId,
      String status,
      long startTime,
      @Nullable Long endTime,
      String artifactUri,
      String lifecycleStage) {
    RunInfo {
      runId = runId == null ? orEmpty(runUuid) : runId;
      runUuid = null;
      runName = orEmpty(runName);
      experimentId = orEmpty(experimentId);
      userId = orEmpty(userId);
      status = orEmpty(status);
      artifactUri = orEmpty(artifactUri);
      lifecycleStage = orEmpty(lifecycleStage);
    }
  }

  record RunData(List<Metric> metrics, List<Tag> params, List<Tag> tags) {
    RunData {
      metrics = orEmpty(metrics);
      params = orEmpty(params);
      tags = orEmpty(tags);
    }
  }

  record Dataset(
      String name,
      String digest,
      String sourceType,
      String source,
      @Nullable String schema,
      @Nullable String profile) {}

  record DatasetInput(List<Tag> tags, Dataset dataset) {
    DatasetInput {
      tags = orEmpty(tags);
    }
  }

  record ModelInput(String modelId) {}

  record ModelOutput(String modelId, long step) {}

  record RunInputs(List<DatasetInput> datasetInputs, List<ModelInput> modelInputs) {
    RunInputs {
      datasetInputs = orEmpty(datasetInputs);
      modelInputs = orEmpty(modelInputs);
    }
  }

  record RunOutputs(List<ModelOutput> modelOutputs) {
    RunOutputs {
      modelOutputs = orEmpty(modelOutputs);
    }
  }

  record Run(RunInfo info, RunData data, RunInputs inputs, RunOutputs outputs) {
    Run {
      data = data == null ? new RunData(List.of(), List.of(), List.of()) : data;
      inputs = inputs == null ? new RunInputs(List.of(), List.of()) : inputs;
      outputs = outputs == null ? new RunOutputs(List.of()) : outputs;
    }

    String id() {
      return info.runId();
    }

    boolean deleted() {
      return info.lifecycleStage().equals(DELETED);
    }

    Map<String, String> tags() {
      return Tag.map(data.tags());
    }

    Run with(Map<String, String> tags, RunInputs newInputs, RunOutputs newOutputs) {
      return new Run(
          info, new RunData(data.metrics(), data.params(), Tag.list(tags)), newInputs, newOutputs);
    }
  }

  record LoggedModelInfo(
      String modelId,
      String experimentId,
      String name,
      long creationTimestampMs,
      long lastUpdatedTimestampMs,
      String artifactUri,
      String status,
      String modelType,
      String sourceRunId,
      @Nullable String statusMessage,
      List<Tag> tags) {
    LoggedModelInfo {
      modelId = orEmpty(modelId);
      experimentId = orEmpty(experimentId);
      name = orEmpty(name);
      artifactUri = orEmpty(artifactUri);
      status = orEmpty(status);
      modelType = orEmpty(modelType);
      sourceRunId = orEmpty(sourceRunId);
      tags = orEmpty(tags);
    }
  }

  record LoggedModelData(List<Tag> params, List<Metric> metrics) {
    LoggedModelData {
      params = orEmpty(params);
      metrics = orEmpty(metrics);
    }
  }

  record LoggedModel(LoggedModelInfo info, LoggedModelData data) {
    LoggedModel {
      data = data == null ? new LoggedModelData(List.of(), List.of()) : data;
    }

    String id() {
      return info.modelId();
    }

    LoggedModel from(String sourceRunId, List<Metric> metrics) {
      return new LoggedModel(
          new LoggedModelInfo(
              info.modelId(),
              info.experimentId(),
              info.name(),
              info.creationTimestampMs(),
              info.lastUpdatedTimestampMs(),
              info.artifactUri(),
              info.status(),
              info.modelType(),
              sourceRunId,
              info.statusMessage(),
              info.tags()),
          new LoggedModelData(data.params(), metrics));
    }
  }

  record Alias(String alias, String version) {}

  record RegisteredModel(
      String name,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      String description,
      List<Tag> tags,
      List<Alias> aliases) {
    RegisteredModel {
      name = orEmpty(name);
      description = orEmpty(description);
      tags = orEmpty(tags);
      aliases = orEmpty(aliases);
    }

    boolean prompt() {
      return "true".equals(Tag.map(tags).get("mlflow.prompt.is_prompt"));
    }
  }

  record ModelVersion(
      String name,
      String version,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      String userId,
      String currentStage,
      String description,
      String source,
      String runId,
      String runLink,
      String status,
      @Nullable String statusMessage,
      @Nullable String modelId,
      List<Tag> tags,
      List<String> aliases) {
    ModelVersion {
      name = orEmpty(name);
      version = orEmpty(version);
      userId = orEmpty(userId);
      currentStage = orEmpty(currentStage);
      description = orEmpty(description);
      source = orEmpty(source);
      runId = orEmpty(runId);
      runLink = orEmpty(runLink);
      status = orEmpty(status);
      tags = orEmpty(tags);
      aliases = orEmpty(aliases);
    }

    int number() {
      return Integer.parseInt(version);
    }

    ModelVersion with(String newSource, String newRunId, @Nullable String newModelId) {
      return new ModelVersion(
          name,
          version,
          creationTimestamp,
          lastUpdatedTimestamp,
          userId,
          currentStage,
          description,
          newSource,
          newRunId,
          runLink,
          status,
          statusMessage,
          newModelId,
          tags,
          aliases);
    }
  }

  record FileInfo(String path, boolean isDir, @Nullable Long fileSize) {}
}
