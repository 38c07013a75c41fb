package io.millrace.tracking.loggedmodels;

import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.ProtoJson;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** MLflow's messages about logged models. */
final class LoggedModelMessages {

  private LoggedModelMessages() {}

  @ProtoJson
  record Info(
      String modelId,
      String experimentId,
      String name,
      long creationTimestampMs,
      long lastUpdatedTimestampMs,
      String artifactUri,
      String status,
      String modelType,
      String sourceRunId,
      List<Tag> tags) {}

  @ProtoJson
  record Data(List<Tag> params, List<ModelMetric> metrics) {}

  @ProtoJson
  record Whole(Info info, Data data) {

    static Whole of(LoggedModels.Details details) {
      LoggedModel model = details.model();
      return new Whole(
          new Info(
              model.id().value(),
              model.experimentId().toString(),
              model.name(),
              model.created(),
              model.updated(),
              model.artifactUri(),
              model.status().name(),
              model.modelType(),
              model.sourceRunId(),
              details.tags()),
          new Data(details.params(), details.metrics()));
    }
  }

  @ProtoJson
  record One(Whole model) {

    static One of(LoggedModels.Details details) {
      return new One(Whole.of(details));
    }
  }

  @ProtoJson
  record Found(List<Whole> models, @Nullable String nextPageToken) {}
}
