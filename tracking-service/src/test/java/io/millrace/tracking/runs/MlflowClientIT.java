package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.millrace.events.MetricsLogged;
import io.millrace.events.RunEnded;
import io.millrace.tracking.RunningTracking;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mlflow.api.proto.Service;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.Page;

/** The official Java client, as its users use it. */
class MlflowClientIT {

  private final RunningTracking tracking = RunningTracking.shared();

  @Test
  void logsARunFromBeginningToEnd() {
    String name = "client " + UUID.randomUUID();
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String experiment = client.createExperiment(name);
      client.setExperimentTag(experiment, "team", "oncology");
      assertThat(client.getExperimentByName(name).orElseThrow().getArtifactLocation())
          .isEqualTo("mlflow-artifacts:/" + experiment);
      assertThat(client.getExperimentByName("no such " + name)).isEmpty();

      Service.RunInfo run = client.createRun(experiment);
      String id = run.getRunId();
      assertThat(id).matches("[0-9a-f]{32}");
      assertThat(run.getArtifactUri())
          .isEqualTo("mlflow-artifacts:/" + experiment + "/" + id + "/artifacts");
      assertThat(run.getStatus()).isEqualTo(Service.RunStatus.RUNNING);

      client.logParam(id, "trees", "300");
      client.setTag(id, "colour", "blue");
      client.logMetric(id, "loss", 0.5, 1000, 1);
      client.logMetric(id, "loss", 0.25, 2000, 2);
      client.logMetric(id, "loss", 0.75, 3000, 0);
      List<Service.Metric> batch = new ArrayList<>();
      for (int step = 0; step < 1000; step++) {
        batch.add(
            Service.Metric.newBuilder()
                .setKey("acc")
                .setValue(step / 1000.0)
                .setTimestamp(5000 + step)
                .setStep(step)
                .build());
      }
      client.logBatch(id, batch, List.of(), List.of());
      client.logBatch(
          id,
          List.of(metric("weird", Double.NaN), metric("huge", Double.POSITIVE_INFINITY)),
          List.of(Service.Param.newBuilder().setKey("depth").setValue("7").build()),
          List.of(Service.RunTag.newBuilder().setKey("colour").setValue("green").build()));

      Service.Run read = client.getRun(id);
      assertThat(read.getData().getParamsList())
          .extracting(Service.Param::getKey, Service.Param::getValue)
          .containsExactly(tuple("depth", "7"), tuple("trees", "300"));
      assertThat(read.getData().getTagsList())
          .extracting(Service.RunTag::getKey, Service.RunTag::getValue)
          .contains(tuple("colour", "green"));
      assertThat(read.getData().getMetricsList())
          .extracting(Service.Metric::getKey, Service.Metric::getValue)
          .containsExactly(
              tuple("acc", 0.999),
              tuple("huge", Double.MAX_VALUE),
              tuple("loss", 0.25),
              tuple("weird", Double.NaN));
      assertThat(client.getMetricHistory(id, "loss"))
          .extracting(Service.Metric::getValue)
          .containsExactly(0.5, 0.25, 0.75);
      assertThat(client.getMetricHistory(id, "acc")).hasSize(1000);

      assertThatThrownBy(() -> client.logParam(id, "trees", "301"))
          .hasMessageContaining("Changing param values is not allowed");

      client.setTerminated(id, Service.RunStatus.FINISHED, 9000);
      assertThat(client.getRun(id).getInfo().getEndTime()).isEqualTo(9000);
      assertThat(client.searchRuns(List.of(experiment), ""))
          .extracting(Service.RunInfo::getRunId)
          .containsExactly(id);
      client.deleteRun(id);
      assertThat(client.searchRuns(List.of(experiment), "")).isEmpty();
      client.restoreRun(id);
      client.renameExperiment(experiment, name + " again");
      assertThat(client.getExperiment(experiment).getName()).isEqualTo(name + " again");
      assertThat(client.searchExperiments().getItems()).isNotEmpty();

      assertThat(tracking.await(RunEnded.class, event -> event.getRunId().equals(id)).getStatus())
          .isEqualTo("FINISHED");
      // Points that come close together are told of together.
      await("all points are told of")
          .until(
              () ->
                  tracking
                          .events(MetricsLogged.class)
                          .filter(event -> event.getRunId().equals(id))
                          .mapToInt(MetricsLogged::getTotal)
                          .sum()
                      == 1005);
      assertThat(
              tracking
                  .events(MetricsLogged.class)
                  .filter(event -> event.getRunId().equals(id))
                  .flatMap(event -> event.getMetrics().stream())
                  .map(point -> point.getKey() + " " + point.getStep()))
          .contains("acc 999", "loss 2", "weird 0", "huge 0");
    }
  }

  @Test
  void createsAndFindsExperiments() {
    String name = "client " + UUID.randomUUID();
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String id =
          client.createExperiment(
              Service.CreateExperiment.newBuilder()
                  .setName(name)
                  .setArtifactLocation("s3://bucket/place")
                  .addTags(Service.ExperimentTag.newBuilder().setKey("a").setValue("1"))
                  .build());
      client.setExperimentTag(id, "b", "2");

      Service.Experiment read = client.getExperiment(id);
      assertThat(read.getArtifactLocation()).isEqualTo("s3://bucket/place");
      assertThat(read.getTagsList())
          .extracting(Service.ExperimentTag::getKey, Service.ExperimentTag::getValue)
          .containsExactly(tuple("a", "1"), tuple("b", "2"));
      assertThat(read.getCreationTime()).isEqualTo(read.getLastUpdateTime()).isPositive();
      assertThatThrownBy(() -> client.createExperiment(name))
          .hasMessageContaining("RESOURCE_ALREADY_EXISTS");
      assertThatThrownBy(() -> client.getExperiment("99999999"))
          .hasMessageContaining("No Experiment with id=99999999 exists");

      client.deleteExperiment(id);
      assertThat(client.getExperiment(id).getLifecycleStage()).isEqualTo("deleted");
      assertThat(client.getExperimentByName(name)).isPresent();
      client.restoreExperiment(id);
      assertThat(client.getExperiment(id).getLifecycleStage()).isEqualTo("active");
      client.renameExperiment(id, name + " again");
      assertThat(client.getExperimentByName(name)).isEmpty();
    }
  }

  @Test
  void pagesThroughExperimentsAndRuns() {
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String experiment = client.createExperiment("client " + UUID.randomUUID());
      for (int i = 0; i < 5; i++) {
        client.createRun(
            Service.CreateRun.newBuilder()
                .setExperimentId(experiment)
                .setStartTime(1000 + i)
                .setRunName("run " + i)
                .setUserId("ann")
                .addTags(Service.RunTag.newBuilder().setKey("i").setValue("" + i))
                .build());
      }
      List<Long> found = new ArrayList<>();
      Page<Service.Run> page =
          client.searchRuns(
              List.of(experiment),
              "",
              Service.ViewType.ACTIVE_ONLY,
              2,
              List.of("attributes.start_time ASC"));
      while (true) {
        page.getItems().forEach(run -> found.add(run.getInfo().getStartTime()));
        if (!page.hasNextPage()) {
          break;
        }
        page = page.getNextPage();
      }
      assertThat(found).containsExactly(1000L, 1001L, 1002L, 1003L, 1004L);
      assertThat(client.searchRuns(List.of(experiment), "", Service.ViewType.DELETED_ONLY))
          .isEmpty();
      assertThat(client.listRunInfos(experiment))
          .extracting(Service.RunInfo::getRunName)
          .containsExactly("run 4", "run 3", "run 2", "run 1", "run 0");

      Page<Service.Experiment> experiments =
          client.searchExperiments("", Service.ViewType.ALL, 1, List.of());
      assertThat(experiments.getItems()).hasSize(1);
      assertThat(experiments.hasNextPage()).isTrue();
      assertThat(experiments.getNextPage().getItems())
          .doesNotContainAnyElementsOf(experiments.getItems());
    }
  }

  @Test
  void logsWithinAnActiveRun() {
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String name = "client " + UUID.randomUUID();
      String experiment = client.createExperiment(name);
      MlflowContext context = new MlflowContext(client).setExperimentName(name);
      assertThat(context.getExperimentId()).isEqualTo(experiment);
      ActiveRun parent = context.startRun("parent");
      ActiveRun child = context.startRun("child", parent.getId());
      child.logParam("depth", "3");
      child.logParams(Map.of("a", "1", "b", "2"));
      child.setTag("t", "v");
      child.setTags(Map.of("u", "1", "w", "2"));
      child.logMetric("loss", 0.5);
      child.logMetric("loss", 0.25, 3);
      child.logMetrics(Map.of("x", 1.0, "y", Double.NaN), 7);
      child.endRun(Service.RunStatus.KILLED);
      parent.endRun();
      context.withActiveRun("short", run -> run.logMetric("m", 1));

      Service.Run read = client.getRun(child.getId());
      assertThat(read.getInfo().getStatus()).isEqualTo(Service.RunStatus.KILLED);
      assertThat(read.getInfo().getEndTime()).isGreaterThanOrEqualTo(read.getInfo().getStartTime());
      assertThat(read.getInfo().getArtifactUri()).isEqualTo(child.getArtifactUri());
      assertThat(read.getInfo().getRunName()).isEqualTo("child");
      assertThat(read.getData().getParamsList())
          .extracting(Service.Param::getKey)
          .containsExactly("a", "b", "depth");
      assertThat(read.getData().getTagsList())
          .extracting(Service.RunTag::getKey, Service.RunTag::getValue)
          .contains(
              tuple("t", "v"),
              tuple("u", "1"),
              tuple("w", "2"),
              tuple("mlflow.parentRunId", parent.getId()),
              tuple("mlflow.runName", "child"));
      assertThat(read.getData().getMetricsList())
          .extracting(Service.Metric::getKey, Service.Metric::getValue, Service.Metric::getStep)
          .containsExactly(
              tuple("loss", 0.25, 3L), tuple("x", 1.0, 7L), tuple("y", Double.NaN, 7L));
      assertThat(client.getRun(parent.getId()).getInfo().getStatus())
          .isEqualTo(Service.RunStatus.FINISHED);
      client.deleteTag(child.getId(), "t");
      assertThat(client.getRun(child.getId()).getData().getTagsList())
          .extracting(Service.RunTag::getKey)
          .doesNotContain("t");
    }
  }

  /** The longest that this client reads: it cannot add a second page to its own list. */
  @Test
  void readsAHistoryThatFillsItsPage() {
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String id = client.createRun().getRunId();
      assertThat(client.getRun(id).getInfo().getExperimentId()).isEqualTo("0");
      for (int batch = 0; batch < 25; batch++) {
        int from = batch * 1000;
        client.logBatch(
            id,
            IntStream.range(from, from + 1000)
                .mapToObj(
                    step ->
                        Service.Metric.newBuilder()
                            .setKey("m")
                            .setValue(step)
                            .setTimestamp(step)
                            .setStep(step)
                            .build())
                .toList(),
            List.of(),
            List.of());
      }
      assertThat(client.getMetricHistory(id, "m"))
          .hasSize(25_000)
          .last()
          .extracting(Service.Metric::getStep)
          .isEqualTo(24_999L);
      assertThat(client.getMetricHistory(id, "none")).isEmpty();
      client.setTerminated(id);
      assertThat(client.getRun(id).getInfo().getStatus()).isEqualTo(Service.RunStatus.FINISHED);
    }
  }

  @Test
  void sendsWhatItHasNoMethodFor() {
    try (MlflowClient client = new MlflowClient(tracking.uri("").toString())) {
      String id = client.createRun().getRunId();
      client.sendPost("runs/update", "{\"run_id\":\"" + id + "\",\"run_name\":\"named\"}");
      assertThat(client.sendGet("runs/get?run_id=" + id)).contains("\"run_name\":\"named\"");
      assertThatThrownBy(() -> client.sendPatch("no/such", "{}"))
          .hasMessageContaining("ENDPOINT_NOT_FOUND");
    }
  }

  private static Service.Metric metric(String key, double value) {
    return Service.Metric.newBuilder().setKey(key).setValue(value).setTimestamp(1).build();
  }
}
