package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.ProtoJson;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PostMapping;

/** What datasets the runs of experiments read, as MLflow's own pages ask for it. */
@MlflowApi(MlflowApi.AJAX_V2)
class DatasetEndpoints {

  private static final int MOST_EXPERIMENTS = 20;
  private static final int MOST_SUMMARIES = 1000;

  private final Database database;
  private final Runs runs;

  DatasetEndpoints(Database database, Runs runs) {
    this.database = database;
    this.runs = runs;
  }

  @ProtoJson
  record Summary(String experimentId, String name, String digest, @Nullable String context) {}

  @ProtoJson
  record Found(List<Summary> datasetSummaries) {}

  @PostMapping("/experiments/search-datasets")
  Found search(MlflowMessage message) {
    List<ExperimentId> experiments =
        message.texts("experiment_ids").stream().map(ExperimentId::parse).toList();
    if (experiments.isEmpty()) {
      throw message.missing("experiment_ids");
    }
    if (experiments.size() > MOST_EXPERIMENTS) {
      throw MlflowException.invalid(
          "SearchDatasets request can name at most %d experiments. Got %d."
              .formatted(MOST_EXPERIMENTS, experiments.size()));
    }
    return new Found(
        database.read(tx -> runs.datasets(tx, experiments, MOST_SUMMARIES)).stream()
            .map(
                read ->
                    new Summary(
                        read.experiment().toString(), read.name(), read.digest(), read.context()))
            .toList());
  }
}
