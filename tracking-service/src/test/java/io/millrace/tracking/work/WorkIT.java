package io.millrace.tracking.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.DataValidated;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.ModelEvaluated;
import io.millrace.events.ModelPromoted;
import io.millrace.events.ModelTrained;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.RunQueued;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainingFailed;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class WorkIT {

  private static final String PACKAGE =
      "'modelPackage':{'uri':'mlflow-artifacts:/1/r/artifacts/model','mediaType':'application/x-directory','sha256':'"
          + "a".repeat(64)
          + "','size':10}";

  private final RunningTracking tracking = RunningTracking.shared();
  private final String pipeline = "w-" + UUID.randomUUID();
  private String run;

  @BeforeEach
  void aQueuedRun() {
    tracking.apply(pipeline);
    run = queued();
  }

  private String queued() {
    return tracking.queued(pipeline, "req-" + UUID.randomUUID()).getRunId();
  }

  private Answer call(String runId, String what, String body) {
    return tracking.post("/api/v1/runs/" + runId + "/" + what, body);
  }

  private Answer start(String worker) {
    return call(run, "start", "{'worker':'%s','delivery':1}".formatted(worker));
  }

  private Answer complete(String runId, int attempt) {
    return call(
        runId,
        "complete",
        "{'attempt':%d,'metrics':{'roc_auc':0.97,'loss':'NaN'},'parityMaxAbsDiff':1.0E-7,%s}"
            .formatted(attempt, PACKAGE));
  }

  /** As if the worker had been silent for as long as its lease. */
  private void endLease() {
    tracking
        .database()
        .inTransactionVoid(
            tx -> tx.update("update jobs set leased_until = now() where run_id = $1", run));
  }

  private String status(String runId) {
    return tracking
        .get("/api/2.0/mlflow/runs/get?run_id=" + runId)
        .body()
        .at("/run/info/status")
        .asString();
  }

  private String code(Answer answer) {
    return answer.status() + " " + answer.body().path("code").asString();
  }

  @Test
  void leadsARunToARegisteredVersion() {
    Answer started = start("w1");
    assertThat(started.body().path("attempt").asInt()).isEqualTo(1);
    assertThat(started.body().path("leaseSeconds").asInt()).isEqualTo(5);
    assertThat(status(run)).isEqualTo("RUNNING");
    assertThat(call(run, "heartbeat", "{'attempt':1}").body().path("cancelRequested").asBoolean())
        .isFalse();
    String checks =
        "{'attempt':1,'passed':true,'rows':150,'checks':[{'check':'missing-share','column':'species','status':'PASS','message':'none'}]}";
    assertThat(call(run, "data-checks", checks).status()).isEqualTo(200);
    assertThat(call(run, "data-checks", checks).status()).isEqualTo(200);
    Answer done = complete(run, 1);
    assertThat(done.body().path("version").asInt()).isEqualTo(1);
    assertThat(complete(run, 1).body()).isEqualTo(done.body());
    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
    assertThat(code(complete(run, 2))).isEqualTo("409 fenced");
    assertThat(code(call(run, "fail", "{'attempt':1,'reason':'crashed','message':'too late'}")))
        .isEqualTo("409 fenced");

    EvaluationRequested evaluation =
        tracking.await(EvaluationRequested.class, event -> event.getRunId().equals(run));
    assertThat(evaluation.getVersion()).isEqualTo(1);
    assertThat(evaluation.getChampionVersion()).isNull();
    tracking.settle();
    assertThat(tracking.events(RunStarted.class).filter(e -> e.getRunId().equals(run))).hasSize(1);
    assertThat(tracking.events(DataValidated.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    assertThat(tracking.events(ModelTrained.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    assertThat(
            tracking
                .events(ModelVersionCreated.class)
                .filter(e -> e.getModelName().equals(pipeline)))
        .hasSize(1);
    JsonNode read = tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).body();
    assertThat(read.at("/run/info/status").asString()).isEqualTo("FINISHED");
    assertThat(read.at("/run/data/metrics/1/key").asString()).isEqualTo("roc_auc");
    assertThat(read.at("/run/data/metrics/0/value").asString()).isEqualTo("NaN");
    JsonNode models = tracking.get("/api/v1/models?limit=1000").body().path("items");
    assertThat(models)
        .filteredOn(model -> model.path("name").asString().equals(pipeline))
        .first()
        .satisfies(
            model ->
                assertThat(model.at("/versions/0/metrics/roc_auc").asDouble()).isEqualTo(0.97));
    JsonNode listed = tracking.get("/api/v1/runs?limit=1000").body().path("items");
    assertThat(listed)
        .filteredOn(item -> item.path("runId").asString().equals(run))
        .first()
        .satisfies(
            item -> {
              assertThat(item.path("experiment").asString()).isEqualTo(pipeline);
              assertThat(item.at("/params/trees").asString()).isEqualTo("300");
            });
  }

  @Test
  void keepsOthersAwayWhileTheLeaseLastsAndFencesTheLateOneOff() {
    start("w1");
    assertThat(code(start("w2"))).isEqualTo("409 run-leased");

    Awaitility.await("lease ends")
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> start("w2").status() == 200);

    assertThat(code(call(run, "heartbeat", "{'attempt':1}"))).isEqualTo("409 fenced");
    assertThat(code(call(run, "data-checks", "{'attempt':1,'passed':true,'rows':1}")))
        .isEqualTo("409 fenced");
    assertThat(code(complete(run, 1))).isEqualTo("409 fenced");
    assertThat(complete(run, 2).status()).isEqualTo(200);
  }

  @Test
  void letsTheSameWorkerStartAgain() {
    start("w1");

    assertThat(start("w1").body().path("attempt").asInt()).isEqualTo(2);
    assertThat(code(complete(run, 1))).isEqualTo("409 fenced");
  }

  @Test
  void queuesAReleasedRunAgainAtOnceAndFencesTheWorkerThatReleasedIt() {
    start("w1");
    assertThat(call(run, "release", "{'attempt':1}").status()).isEqualTo(200);
    assertThat(call(run, "release", "{'attempt':1}").status()).isEqualTo(200);
    assertThat(code(call(run, "heartbeat", "{'attempt':1}"))).isEqualTo("409 fenced");
    assertThat(code(complete(run, 1))).isEqualTo("409 fenced");
    assertThat(code(call(run, "fail", "{'attempt':1,'reason':'crashed','message':'late'}")))
        .isEqualTo("409 fenced");

    assertThat(start("w2").body().path("attempt").asInt()).isEqualTo(2);
    assertThat(code(call(run, "release", "{'attempt':1}"))).isEqualTo("409 fenced");
    assertThat(code(start("w1"))).isEqualTo("409 run-leased");
    assertThat(complete(run, 2).status()).isEqualTo(200);
    assertThat(code(call(run, "release", "{'attempt':2}"))).isEqualTo("409 fenced");
    tracking.settle();
    assertThat(tracking.events(RunQueued.class).filter(e -> e.getRunId().equals(run))).hasSize(2);
    assertThat(tracking.events(RunQueued.class).filter(e -> e.getRunId().equals(run)).distinct())
        .as("the same job")
        .hasSize(1);
  }

  @Test
  void givesARunUpAfterFourWorkersThatDiedHoweverOftenItWasReleased() {
    int attempt = 0;
    for (int i = 0; i < 6; i++) {
      attempt = start("steady").body().path("attempt").asInt();
      call(run, "release", "{'attempt':%d}".formatted(attempt));
    }
    assertThat(attempt).isEqualTo(6);
    for (int i = 0; i < 4; i++) {
      // The same worker again: it has died and lost sight of its attempt before.
      assertThat(start("mortal").status()).isEqualTo(200);
    }
    assertThat(code(start("mortal"))).isEqualTo("409 attempts-exhausted");
  }

  @Test
  void endsACancelledRunThatIsReleased() {
    start("w1");
    call(run, "cancel", "{'by':'bob'}");
    assertThat(call(run, "release", "{'attempt':1}").status()).isEqualTo(200);
    assertThat(status(run)).isEqualTo("KILLED");
    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
  }

  @Test
  void registersOnceWhenTheSameEndComesManyTimesAtOnce() {
    start("w1");
    List<CompletableFuture<Answer>> answers =
        IntStream.range(0, 8)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> complete(run, 1)))
            .toList();

    assertThat(answers)
        .allSatisfy(
            answer -> {
              assertThat(answer.join().status()).isEqualTo(200);
              assertThat(answer.join().body().path("version").asInt()).isEqualTo(1);
            });
    assertThat(tracking.count("select count(*) as n from model_versions where name = $1", pipeline))
        .isOne();
  }

  @Test
  void numbersVersionsWithoutGapsAndComparesWithWhatProductionServes() {
    start("w1");
    complete(run, 1);
    tracking.publish(
        Topics.PROMOTIONS,
        pipeline,
        ModelPromoted.newBuilder()
            .setModelName(pipeline)
            .setVersion(1)
            .setEnvironment("production")
            .setRevision(7)
            .setCause("POLICY")
            .setBy(List.of("policy"))
            .build());
    tracking.publish(
        Topics.PROMOTIONS,
        pipeline,
        ModelPromoted.newBuilder()
            .setModelName(pipeline)
            .setVersion(99)
            .setEnvironment("production")
            .setRevision(6)
            .setCause("POLICY")
            .setBy(List.of("policy"))
            .build());
    tracking.settle();
    run = queued();
    start("w1");

    assertThat(complete(run, 1).body().path("version").asInt()).isEqualTo(2);

    EvaluationRequested evaluation =
        tracking.await(EvaluationRequested.class, event -> event.getRunId().equals(run));
    assertThat(evaluation.getChampionVersion()).isEqualTo(1);
    assertThat(evaluation.getChampionPackage().getSha256()).isEqualTo("a".repeat(64));
  }

  @Test
  void endsAFailedRunOnce() {
    start("w1");
    String body = "{'attempt':1,'reason':'out-of-memory','message':'2g were too little'}";

    assertThat(call(run, "fail", body).status()).isEqualTo(200);
    assertThat(call(run, "fail", body).status()).isEqualTo(200);

    TrainingFailed failed =
        tracking.await(TrainingFailed.class, event -> event.getRunId().equals(run));
    assertThat(failed.getReason()).isEqualTo("out-of-memory");
    assertThat(status(run)).isEqualTo("FAILED");
    tracking.awaitFlow(failed.getRequestId(), "FAILED");
    tracking.settle();
    assertThat(tracking.events(TrainingFailed.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
  }

  @Test
  void cancelsAWaitingRunAtOnceAndARunningOneThroughItsWorker() {
    assertThat(call(run, "cancel", "{'by':'bob'}").body().path("status").asString())
        .isEqualTo("CANCELLED");
    assertThat(status(run)).isEqualTo("KILLED");
    assertThat(code(start("w1"))).isEqualTo("409 run-finished");

    run = queued();
    start("w1");
    assertThat(call(run, "cancel", "{'by':'bob'}").body().path("status").asString())
        .isEqualTo("RUNNING");
    assertThat(call(run, "heartbeat", "{'attempt':1}").body().path("cancelRequested").asBoolean())
        .isTrue();
    assertThat(call(run, "fail", "{'attempt':1,'reason':'cancelled','message':'by bob'}").status())
        .isEqualTo(200);
    assertThat(status(run)).isEqualTo("KILLED");
  }

  @Test
  void endsACancelledRunWhoseWorkerDied() {
    start("w1");
    call(run, "cancel", "{'by':'bob'}");
    assertThat(code(start("w2"))).isEqualTo("409 run-leased");
    endLease();

    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
    assertThat(status(run)).isEqualTo("KILLED");
    assertThat(
            tracking.await(TrainingFailed.class, event -> event.getRunId().equals(run)).getReason())
        .isEqualTo("cancelled");
  }

  @Test
  void countsARunAsLostOnlyAfterItsJobIsADeadLetter() {
    start("w1");
    tracking.publishDeadLetter(
        Topics.TRAINING_JOBS, run, "job".getBytes(StandardCharsets.UTF_8), "attempts-exhausted");
    Awaitility.await("the letter is heard")
        .during(Duration.ofMillis(500))
        .until(
            () ->
                tracking.count(
                        "select count(*) as n from jobs where run_id = $1 and dead_lettered_at is not null",
                        run)
                    == 1);
    assertThat(status(run)).isEqualTo("RUNNING");
    endLease();

    TrainingFailed failed =
        tracking.await(TrainingFailed.class, event -> event.getRunId().equals(run));

    assertThat(failed.getReason()).isEqualTo("worker-lost");
    assertThat(failed.getMessage()).contains("attempts-exhausted", "w1");
    assertThat(status(run)).isEqualTo("FAILED");
    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
  }

  @Test
  void failsTheFlowWhoseEvaluationJobIsADeadLetter() {
    start("w1");
    complete(run, 1);
    EvaluationRequested evaluation =
        tracking.await(EvaluationRequested.class, event -> event.getRunId().equals(run));
    tracking.awaitFlow(evaluation.getRequestId(), "TRAINED");

    tracking.publishDeadLetter(
        Topics.EVALUATION_JOBS,
        pipeline,
        "job".getBytes(StandardCharsets.UTF_8),
        "deliveries-exhausted",
        evaluation.getRequestId());

    JsonNode flow = tracking.awaitFlow(evaluation.getRequestId(), "FAILED");
    assertThat(flow.path("events").toString())
        .contains("DeadLettered", "deliveries-exhausted", "of a test");
    tracking.publish(Topics.EVALUATIONS, pipeline, evaluated(evaluation), UUID.randomUUID());
    tracking.awaitFlow(evaluation.getRequestId(), "EVALUATED");
  }

  private static ModelEvaluated evaluated(EvaluationRequested job) {
    return ModelEvaluated.newBuilder()
        .setRequestId(job.getRequestId())
        .setRunId(job.getRunId())
        .setModelName(job.getModelName())
        .setVersion(job.getVersion())
        .setModelPackage(job.getModelPackage())
        .setVerdict("PASSED")
        .setRows(1)
        .setMetrics(List.of())
        .setGates(List.of())
        .setPipeline(job.getPipeline())
        .setRequestedBy(job.getRequestedBy())
        .build();
  }

  @Test
  void refusesBadCalls() {
    assertThat(code(call("nope", "start", "{'worker':'w'}"))).isEqualTo("404 run-not-found");
    assertThat(code(call(run, "start", "{}"))).isEqualTo("400 missing-field");
    assertThat(code(call(run, "heartbeat", "{'attempt':0}"))).isEqualTo("409 fenced");
    start("w1");
    assertThat(code(call(run, "complete", "{'attempt':1,'parityMaxAbsDiff':0}")))
        .isEqualTo("400 invalid-package");
    assertThat(code(call(run, "complete", "{'attempt':"))).isEqualTo("400 malformed-json");
  }

  @Test
  void makesFinalMetricsTheLatestOnes() {
    start("w1");
    tracking.mlflow(
        "runs/log-metric",
        "{'run_id':'%s','key':'roc_auc','value':0.5,'timestamp':4000000000000,'step':30}"
            .formatted(run));

    complete(run, 1);

    JsonNode read = tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).body();
    assertThat(read.at("/run/data/metrics/1/value").asDouble()).isEqualTo(0.97);
    assertThat(read.at("/run/data/metrics/1/step").asInt()).isEqualTo(30);
  }
}
