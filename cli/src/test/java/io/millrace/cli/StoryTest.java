package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class StoryTest {

  private static final Instant BEGIN = Instant.parse("2026-11-21T08:00:00Z");

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final Story story =
      new Story(new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false));
  private int seq;

  private boolean tell(String type, long millis, String data) {
    return story.tell(event(type, millis, data));
  }

  private JsonNode event(String type, long millis, String data) {
    seq++;
    return GatewayClient.JSON.readTree(
        "{\"seq\":%d,\"id\":\"e%d\",\"type\":\"%s\",\"time\":\"%s\",\"data\":%s}"
            .formatted(seq, seq, type, BEGIN.plusMillis(millis), data));
  }

  private String said() {
    return output.toString(StandardCharsets.UTF_8);
  }

  private void queue(String environments) {
    tell(
        "RunQueued",
        100,
        "{\"trainer\":\"smile/random-forest\",\"seed\":42,\"params\":{\"trees\":\"200\"},\"pipeline\":\"{\\\"promote\\\":{\\\"environments\\\":%s}}\"}"
            .formatted(environments.replace("\"", "\\\"")));
  }

  @Test
  void countsTimeFromTheFirstEvent() {
    tell("TrainRequested", 0, "{\"requestedBy\":\"ada\"}");
    tell("RunStarted", 1500, "{\"worker\":\"w1\",\"attempt\":2}");
    assertThat(said())
        .contains("0.00 s  TrainRequested      asked by ada")
        .contains("1.50 s  RunStarted")
        .contains("attempt 2");
  }

  @Test
  void goesOnAfterALossOfWhichItKnowsThatTheWorkerReportedAgain() {
    var lost = "{\"reason\":\"worker-lost\",\"message\":\"w1 is silent\"}";
    assertThat(tell("TrainingFailed", 10, lost)).isFalse();
    assertThat(story.ending()).isEqualTo(Story.Ending.FAILED);

    var recovered =
        new Story(new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false), 1);
    assertThat(recovered.tell(event("TrainingFailed", 10, lost))).isTrue();
    assertThat(recovered.tell(event("RunRecovered", 20, "{\"silentMillis\":90500,\"attempt\":1}")))
        .isTrue();
    assertThat(said()).contains("reports again after 90.50 s");
    assertThat(recovered.tell(event("TrainingFailed", 30, lost))).isFalse();
    assertThat(recovered.ending()).isEqualTo(Story.Ending.FAILED);
  }

  @Test
  void saysHowManyParametersWereLogged() {
    tell("ParamsLogged", 0, "{\"params\":[],\"total\":3}");
    assertThat(said()).contains("ParamsLogged        3 parameters");
  }

  @Test
  void showsProgressByTreesOfTheJob() {
    queue("[\"production\"]");
    tell(
        "MetricsLogged",
        200,
        "{\"metrics\":[{\"key\":\"validation.accuracy\",\"value\":0.9,\"step\":50}]}");
    tell(
        "MetricsLogged",
        300,
        "{\"metrics\":[{\"key\":\"validation.accuracy\",\"value\":0.95,\"step\":200}]}");
    assertThat(said()).contains("50/200").contains("200/200  validation.accuracy 0.9500");
  }

  @Test
  void endsWhereTheLastEnvironmentOfThePipelineServes() {
    queue("[\"staging\",\"clinic\"]");
    assertThat(
            tell(
                "ModelDeployed",
                400,
                "{\"environment\":\"staging\",\"version\":1,\"loadMillis\":10}"))
        .isTrue();
    assertThat(story.ending()).isNull();
    assertThat(
            tell(
                "ModelDeployed",
                500,
                "{\"environment\":\"clinic\",\"version\":1,\"loadMillis\":10}"))
        .isFalse();
    assertThat(story.ending()).isEqualTo(Story.Ending.DEPLOYED);
  }

  @ParameterizedTest
  @CsvSource({
    "TrainingRejected, FAILED",
    "TrainingFailed, FAILED",
    "EvaluationFailed, FAILED",
    "ModelRejected, NOT_PROMOTED",
    "ApprovalRequested, AWAITING_APPROVAL",
  })
  void endsWithEachBadNews(String type, Story.Ending ending) {
    assertThat(
            tell(
                type,
                0,
                "{\"reasons\":[{\"message\":\"no such dataset\"}],\"reason\":\"r\",\"message\":\"m\"}"))
        .isFalse();
    assertThat(story.ending()).isEqualTo(ending);
  }

  @Test
  void tellsEveryReasonOfARejection() {
    tell("TrainingRejected", 0, "{\"reasons\":[{\"message\":\"first\"},{\"message\":\"second\"}]}");
    assertThat(said()).contains("- first").contains("- second");
  }

  @Test
  void tellsOfATableThatWasRefusedInOneLine() {
    assertThat(
            tell(
                "DatasetRejected",
                0,
                "{\"datasetName\":\"cells\",\"file\":\"export.csv\",\"line\":3,\"reason\":\"ragged-row\",\"message\":\"2 fields\"}"))
        .isTrue();
    assertThat(said().lines())
        .singleElement()
        .asString()
        .contains("DatasetRejected", "cells, line 3 of export.csv: ragged-row: 2 fields");
  }

  @Test
  void endsWhereTheEvaluationIsPutAside() {
    assertThat(
            tell(
                "DeadLettered",
                0,
                "{\"originalTopic\":\"millrace.train-requests\",\"consumer\":\"tracking\",\"reason\":\"undecodable\",\"message\":\"torn\"}"))
        .isTrue();
    assertThat(
            tell(
                "DeadLettered",
                10,
                "{\"originalTopic\":\"millrace.evaluation-jobs\",\"consumer\":\"evaluation-workers\",\"reason\":\"deliveries-exhausted\",\"message\":\"no worker finished it\"}"))
        .isFalse();
    assertThat(story.ending()).isEqualTo(Story.Ending.FAILED);
    assertThat(said()).contains("deliveries-exhausted: no worker finished it");
  }

  @Test
  void tellsWhatPeopleAnswer() {
    tell("RunCancelRequested", 0, "{\"by\":\"grace\"}");
    tell(
        "ApprovalAnswered",
        10,
        "{\"by\":\"ada\",\"approved\":true,\"environment\":\"production\",\"approvals\":1,\"approvers\":2,\"comment\":\"fine\"}");
    tell("ApprovalWithdrawn", 20, "{\"environment\":\"production\",\"reason\":\"superseded\"}");
    assertThat(said())
        .contains("RunCancelRequested  by grace")
        .contains("ada says yes to production, 1 of 2: fine")
        .contains("nobody is asked about production any more: superseded");
    assertThat(story.ending()).isNull();
  }

  @Test
  void tellsWhichFilesAreStoredAndDeleted() {
    tell("ArtifactStored", 0, "{\"path\":\"2/a/artifacts/roc.png\",\"by\":\"grace\"}");
    tell(
        "ArtifactDeleted",
        10,
        "{\"path\":\"2/a/artifacts/roc.png\",\"folder\":false,\"files\":1,\"by\":\"grace\"}");
    tell(
        "ArtifactDeleted",
        20,
        "{\"path\":\"2/a/artifacts\",\"folder\":true,\"files\":12,\"by\":\"ada\"}");
    assertThat(said())
        .contains("ArtifactStored      2/a/artifacts/roc.png, by grace")
        .contains("ArtifactDeleted     2/a/artifacts/roc.png, by grace")
        .contains("ArtifactDeleted     2/a/artifacts with 12 files, by ada");
  }

  @Test
  void tellsAnEventOnceThoughItComesTwice() {
    var event =
        "{\"seq\":1,\"id\":\"same\",\"type\":\"RunStarted\",\"time\":\"%s\",\"data\":{\"worker\":\"w\",\"attempt\":1}}"
            .formatted(BEGIN);
    story.tell(GatewayClient.JSON.readTree(event));
    story.tell(GatewayClient.JSON.readTree(event));
    assertThat(said().lines().filter(line -> line.contains("RunStarted"))).hasSize(1);
  }

  @Test
  void laysTheEvaluationOutAsATableWithIntervals() {
    tell(
        "ModelEvaluated",
        0,
        """
        {"verdict":"PASSED","rows":85,"championVersion":3,
         "metrics":[{"name":"roc_auc","value":0.99,"lower":0.95,"upper":1.0,"confidence":0.95},{"name":"brier","value":0.02,"confidence":0.95}],
         "gates":[{"metric":"roc_auc","condition":"at least 0.95","passed":true,"message":"0.99"}]}""");
    assertThat(said())
        .contains("PASSED on 85 held-out rows, against version 3")
        .contains("roc_auc  0.9900  0.9500 to 1.0000")
        .contains("brier    0.0200  -")
        .contains("gate passed: roc_auc at least 0.95");
  }
}
