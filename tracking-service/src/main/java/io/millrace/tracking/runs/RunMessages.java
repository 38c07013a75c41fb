package io.millrace.tracking.runs;

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
  record Data(List<Metric> metrics, List<Tag> params, List<Tag> tags) {}

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

    static Inputs of(RunDetails details) {
      return new Inputs(
          details.inputs().stream()
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
          details.modelInputs().stream().map(ModelInput::new).toList());
    }
  }

  @ProtoJson
  record Outputs(List<ModelOutput> modelOutputs) {}

  @ProtoJson
  record Whole(Info info, Data data, Inputs inputs, @Nullable Outputs outputs) {

    static Whole of(RunDetails details) {
      return of(details, new Outputs(details.modelOutputs()));
    }

    static Whole created(RunDetails details) {
      return of(details, null);
    }

    private static Whole of(RunDetails details, @Nullable Outputs outputs) {
      return new Whole(
          Info.of(details.run()),
          new Data(details.metrics(), Tag.list(details.params()), Tag.list(details.tags())),
          Inputs.of(details),
          outputs);
    }
  }

  @ProtoJson
  record One(Whole run) {}

  @ProtoJson
  record Updated(Info runInfo) {}

  @ProtoJson
  record Found(List<Whole> runs, @Nullable String nextPageToken) {}
}
