package io.millrace.tracking.retention;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.ExperimentPurged;
import io.millrace.events.LoggedModelPurged;
import io.millrace.events.RunPurged;
import io.millrace.tracking.RunningTracking;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RetentionIT {

  private static final RunningTracking tracking = RunningTracking.shared();

  @Test
  void removesADeletedRunWithAllThatWasLoggedToItAndTellsTheKeeperOfItsFiles() {
    String run = deleted(create());
    assertThat(ids(look(), "removed")).contains(run);
    JsonNode report = remove();
    assertThat(ids(report, "removed")).contains(run);
    assertThat(report.path("metricPoints").asLong()).isPositive();
    for (String table :
        List.of(
            "runs", "run_metrics", "latest_metrics", "run_params", "run_tags", "run_datasets")) {
      assertThat(tracking.count("select count(*) as n from " + table + " where run_id = $1", run))
          .as(table)
          .isZero();
    }
    RunPurged purged = tracking.await(RunPurged.class, event -> event.getRunId().equals(run));
    assertThat(purged.getArtifactUri()).isEqualTo("mlflow-artifacts:/0/" + run + "/artifacts");
    assertThat(purged.getPurgedBy()).isEqualTo("alice");
    assertThat(tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).status()).isEqualTo(404);
  }

  @Test
  void touchesNothingInADryRunAndNothingThatIsAlive() {
    String alive = create();
    String run = deleted(create());
    assertThat(look().path("dryRun").asBoolean()).isTrue();
    assertThat(ids(look(), "removed")).contains(run).doesNotContain(alive);
    assertThat(tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).status()).isEqualTo(200);
    remove();
    assertThat(tracking.get("/api/2.0/mlflow/runs/get?run_id=" + alive).status()).isEqualTo(200);
  }

  @Test
  void keepsARunForTheRetentionTimeAndOneThatWasRestored() {
    String run = deleted(create());
    assertThat(ids(tracking.get("/api/v1/retention").body(), "removed")).doesNotContain(run);
    String restored = deleted(create());
    tracking.mlflow("runs/restore", "{'run_id':'%s'}".formatted(restored));
    remove();
    assertThat(tracking.get("/api/2.0/mlflow/runs/get?run_id=" + restored).status()).isEqualTo(200);
  }

  @Test
  void keepsARunThatAModelVersionCameFromAndSaysSo() {
    String run = create();
    String model = "kept-" + run.substring(0, 8);
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(model));
    tracking.mlflow(
        "model-versions/create",
        "{'name':'%s','source':'mlflow-artifacts:/0/%s/artifacts/model','run_id':'%s'}"
            .formatted(model, run, run));
    deleted(run);
    JsonNode report = remove();
    assertThat(ids(report, "kept")).contains(run);
    assertThat(neededBy(report, "kept", "runId", run)).isEqualTo("model version " + model + ":1");
    assertThat(tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).status()).isEqualTo(200);
  }

  @Test
  void removesADeletedExperimentWithItsRuns() {
    String experiment =
        tracking
            .mlflow("experiments/create", "{'name':'retention-%d'}".formatted(System.nanoTime()))
            .body()
            .path("experiment_id")
            .asString();
    String run = id(tracking.mlflow("runs/create", "{'experiment_id':'%s'}".formatted(experiment)));
    tracking.mlflow("experiments/delete", "{'experiment_id':'%s'}".formatted(experiment));
    JsonNode report = remove();
    assertThat(ids(report, "removed")).contains(run);
    assertThat(report.path("experiments").toString()).contains("\"" + experiment + "\"");
    assertThat(tracking.get("/api/2.0/mlflow/experiments/get?experiment_id=" + experiment).status())
        .isEqualTo(404);
    assertThat(
            tracking
                .await(ExperimentPurged.class, event -> event.getExperimentId().equals(experiment))
                .getPurgedBy())
        .isNotBlank();
  }

  @Test
  void removesEachRunOnceWhenManyAskAtOnce() throws Exception {
    List<String> runs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      runs.add(deleted(create()));
    }
    List<String> removed = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      List<Callable<JsonNode>> asking = Collections.nCopies(4, this::remove);
      var reports = threads.invokeAll(asking);
      for (var report : reports) {
        removed.addAll(ids(report.get(), "removed"));
      }
    }
    assertThat(removed).doesNotHaveDuplicates().containsAll(runs);
  }

  @Test
  void removesADeletedLoggedModelAndKeepsTheRunOfOneThatIsAlive() {
    String run = create();
    String alive = loggedModel(run);
    String gone = loggedModel("");
    assertThat(tracking.send("DELETE", "/api/2.0/mlflow/logged-models/" + gone, "{}").status())
        .isEqualTo(200);
    deleted(run);
    JsonNode report = remove();
    assertThat(report.path("removedModels").toString()).contains(gone).doesNotContain(alive);
    assertThat(ids(report, "kept")).contains(run);
    LoggedModelPurged purged =
        tracking.await(LoggedModelPurged.class, event -> event.getModelId().equals(gone));
    assertThat(purged.getArtifactUri()).contains(gone);
    assertThat(tracking.count("select count(*) as n from logged_models where model_id = $1", gone))
        .isZero();
  }

  @Test
  void keepsALoggedModelWhoseFilesACopyOfADeletedVersionHas() {
    String model = loggedModel("");
    String name = "copied-" + model;
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(name));
    version(name, "models:/" + model);
    version(name, "models:/" + name + "/1");
    deleteVersion(name, 1);
    tracking.send("DELETE", "/api/2.0/mlflow/logged-models/" + model, "{}");

    assertThat(neededBy(look(), "keptModels", "modelId", model))
        .isEqualTo("model version " + name + ":2");
    assertThat(remove().path("removedModels").toString()).doesNotContain(model);

    deleteVersion(name, 2);
    assertThat(remove().path("removedModels").toString()).contains(model);
  }

  @Test
  void keepsARunWhoseFilesAVersionHasThatDoesNotNameTheRun() {
    String run = create();
    String name = "placed-" + run;
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(name));
    version(name, "mlflow-artifacts:/0/" + run + "/artifacts/model");
    version(name, "models:/" + name + "/1");
    version(name, "runs://" + run + "/model");
    deleted(run);

    assertThat(neededBy(remove(), "kept", "runId", run)).isEqualTo("model version " + name + ":1");
    deleteVersion(name, 1);
    assertThat(neededBy(remove(), "kept", "runId", run)).isEqualTo("model version " + name + ":2");
    deleteVersion(name, 2);
    assertThat(neededBy(remove(), "kept", "runId", run)).isEqualTo("model version " + name + ":3");
    deleteVersion(name, 3);
    assertThat(ids(remove(), "removed")).contains(run);
  }

  @Test
  void doesNotTakeAPlaceOfASimilarNameForTheRuns() {
    String run = create();
    String name = "beside-" + run;
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(name));
    version(name, "mlflow-artifacts:/0/" + run + "/artifacts-of-another/model");
    version(name, "runs:/" + run + "0/model");
    deleted(run);

    assertThat(ids(remove(), "removed")).contains(run);
  }

  private static void version(String name, String source) {
    RunningTracking.Answer answer =
        tracking.mlflow(
            "model-versions/create", "{'name':'%s','source':'%s'}".formatted(name, source));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private static void deleteVersion(String name, int version) {
    assertThat(
            tracking
                .send(
                    "DELETE",
                    "/api/2.0/mlflow/model-versions/delete",
                    "{'name':'%s','version':'%d'}".formatted(name, version))
                .status())
        .isEqualTo(200);
  }

  private static String neededBy(JsonNode report, String list, String key, String id) {
    for (JsonNode kept : report.path(list)) {
      if (kept.path(key).asString().equals(id)) {
        return kept.path("neededBy").asString();
      }
    }
    return "";
  }

  private static String loggedModel(String run) {
    return tracking
        .mlflow(
            "logged-models",
            "{'experiment_id':'0','name':'model','source_run_id':'%s'}".formatted(run))
        .body()
        .path("model")
        .path("info")
        .path("model_id")
        .asString();
  }

  @Test
  void refusesATimeThatIsNoneAndARemovalByNobody() {
    assertThat(tracking.get("/api/v1/retention?olderThan=soon").status()).isEqualTo(400);
    assertThat(tracking.get("/api/v1/retention?olderThan=-1d").status()).isEqualTo(400);
    RunningTracking.Answer nobody = tracking.post("/api/v1/retention", "{'olderThan':'0s'}");
    assertThat(nobody.status()).isEqualTo(400);
    assertThat(nobody.text()).contains("say who");
  }

  private JsonNode look() {
    return tracking.get("/api/v1/retention?olderThan=0s").body();
  }

  private JsonNode remove() {
    return tracking.post("/api/v1/retention", "{'by':'alice','olderThan':'0s'}").body();
  }

  private static List<String> ids(JsonNode report, String list) {
    List<String> ids = new ArrayList<>();
    report.path(list).forEach(run -> ids.add(run.path("runId").asString()));
    return ids;
  }

  private static String create() {
    String run = id(tracking.mlflow("runs/create", "{'experiment_id':'0'}"));
    tracking.mlflow(
        "runs/log-batch",
        "{'run_id':'%s','metrics':[{'key':'m','value':1,'timestamp':1}],'params':[{'key':'p','value':'1'}],'tags':[{'key':'t','value':'1'}]}"
            .formatted(run));
    return run;
  }

  private static String deleted(String run) {
    assertThat(tracking.mlflow("runs/delete", "{'run_id':'%s'}".formatted(run)).status())
        .isEqualTo(200);
    return run;
  }

  private static String id(RunningTracking.Answer answer) {
    return answer.body().path("run").path("info").path("run_id").asString();
  }
}
