package io.millrace.tracking.runs;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.ProtoJson;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** MLflow's messages about runs. */
final class RunMessages {

  private RunMessages() {}

  @ProtoJson
  record Info(
      String runId,
      String runUuid,
      String runName,
      String experimentId,
      String userId,
      String status,
      long startTime,
      @Nullable Long endTime,
      String artifactUri,
      String lifecycleStage) {

    static Info of(Run run) {
      return new Info(
          run.id().value(),
          run.id().value(),
          run.name(),
          run.experimentId().toString(),
          run.userId(),
          run.status().name(),
          run.startTime(),
          run.endTime() == null || run.endTime() == 0 ? null : run.endTime(),
          run.artifactUri(),
          run.stage().text());
    }
  }

  @ProtoJson
  record Dataset(
      String name,
      String digest,
      String sourceType,
      String source,
      @Nullable String schema,
      @Nullable String profile) {}

  @ProtoJson
  record Input(List<Tag> tags, Dataset dataset) {}

  @ProtoJson
  record ModelInput(String modelId) {}

  @ProtoJson
  record Inputs(List<Input> datasetInputs, List<ModelInput> modelInputs) {

    static Inputs of(List<DatasetInput> datasets, List<ModelOutput> models) {
      return new Inputs(
          datasets.stream()
              .map(
                  input ->
                      new Input(
                          input.tags(),
                          new Dataset(
                              input.name(),
                              input.digest(),
                              input.sourceType(),
                              input.source(),
                              input.schema(),
                              input.profile())))
              .toList(),
          models.stream().map(model -> new ModelInput(model.modelId())).toList());
    }
  }

  @ProtoJson
  record Outputs(List<ModelOutput> modelOutputs) {}

  /**
   * A run.
   *
   * @param data a JSON object: metrics, params and tags
   * @param outputs null in the answer to its creation
   */
  @ProtoJson
  record Whole(Info info, @JsonRawValue String data, Inputs inputs, @Nullable Outputs outputs) {

    Whole created() {
      return new Whole(info, data, inputs, null);
    }
  }

  @ProtoJson
  record One(Whole run) {}

  @ProtoJson
  record Updated(Info runInfo) {}

  @ProtoJson
  record Found(List<Whole> runs, @Nullable String nextPageToken) {}
}
