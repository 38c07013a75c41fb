package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.events.MetricsLogged;
import io.millrace.events.RunEnded;
import io.millrace.tracking.RunningTracking;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.mlflow.api.proto.Service;
import org.mlflow.tracking.MlflowClient;

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
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("depth", "7"),
              org.assertj.core.groups.Tuple.tuple("trees", "300"));
      assertThat(read.getData().getTagsList())
          .extracting(Service.RunTag::getKey, Service.RunTag::getValue)
          .contains(org.assertj.core.groups.Tuple.tuple("colour", "green"));
      assertThat(read.getData().getMetricsList())
          .extracting(Service.Metric::getKey, Service.Metric::getValue)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("acc", 0.999),
              org.assertj.core.groups.Tuple.tuple("huge", Double.MAX_VALUE),
              org.assertj.core.groups.Tuple.tuple("loss", 0.25),
              org.assertj.core.groups.Tuple.tuple("weird", Double.NaN));
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

  private static Service.Metric metric(String key, double value) {
    return Service.Metric.newBuilder().setKey(key).setValue(value).setTimestamp(1).build();
  }
}
