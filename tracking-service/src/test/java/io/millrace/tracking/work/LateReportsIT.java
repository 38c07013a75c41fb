package io.millrace.tracking.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.DataValidated;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.ModelTrained;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.RunRecovered;
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

/** Workers that report after their run was given up. */
class LateReportsIT {

  private static final String PACKAGE =
      "'modelPackage':{'uri':'mlflow-artifacts:/1/r/artifacts/model','mediaType':'application/x-directory','sha256':'"
          + "a".repeat(64)
          + "','size':10}";

  private final RunningTracking tracking = RunningTracking.shared();
  private final String pipeline = "late-" + UUID.randomUUID();
  private final String request = "req-" + pipeline;
  private String run;

  @BeforeEach
  void aRunOfOneWorker() {
    tracking.apply(pipeline);
    run = tracking.queued(pipeline, request).getRunId();
    assertThat(start("w1").body().path("attempt").asInt()).isEqualTo(1);
  }

  @Test
  void aLateHeartbeatGivesTheRunBackToItsWorker() {
    loseRun();
    tracking.awaitFlow(request, "FAILED");

    Answer heartbeat = heartbeat(1);

    assertThat(heartbeat.status()).isEqualTo(200);
    assertThat(heartbeat.body().path("cancelRequested").asBoolean()).isFalse();
    assertThat(info().path("status").asString()).isEqualTo("RUNNING");
    assertThat(info().has("end_time")).isFalse();
    RunRecovered recovered =
        tracking.await(RunRecovered.class, event -> event.getRunId().equals(run));
    assertThat(recovered.getRequestId()).isEqualTo(request);
    assertThat(recovered.getAttempt()).isEqualTo(1);
    assertThat(recovered.getSilentMillis()).isGreaterThan(60_000);
    tracking.awaitFlow(request, "RUNNING");
    assertThat(complete(1).status()).isEqualTo(200);
    JsonNode flow = tracking.awaitFlow(request, "TRAINED");
    assertThat(flow.path("events").toString()).contains("worker-lost", "RunRecovered");
  }

  @Test
  void aLateModelIsRegisteredOnceHoweverOftenItIsReported() {
    loseRun();

    List<CompletableFuture<Answer>> answers =
        IntStream.range(0, 8)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> complete(1)))
            .toList();

    assertThat(answers)
        .allSatisfy(
            answer -> {
              assertThat(answer.join().status()).isEqualTo(200);
              assertThat(answer.join().body().path("version").asInt()).isEqualTo(1);
            });
    assertThat(complete(1).body()).isEqualTo(answers.getFirst().join().body());
    assertThat(info().path("status").asString()).isEqualTo("FINISHED");
    tracking.awaitFlow(request, "TRAINED");
    tracking.settle();
    assertThat(tracking.events(RunRecovered.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    assertThat(tracking.events(ModelTrained.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    assertThat(
            tracking
                .events(ModelVersionCreated.class)
                .filter(e -> e.getModelName().equals(pipeline)))
        .hasSize(1);
    assertThat(tracking.events(EvaluationRequested.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    assertThat(tracking.get("/api/v1/flows/" + request).body().path("status").asString())
        .isEqualTo("TRAINED");
  }

  @Test
  void aLateFailureSaysWhatReallyHappened() {
    loseRun();
    String failure = "{'attempt':1,'reason':'out-of-memory','message':'2g were too little'}";

    assertThat(call("fail", failure).status()).isEqualTo(200);
    assertThat(call("fail", failure).status()).isEqualTo(200);

    assertThat(info().path("status").asString()).isEqualTo("FAILED");
    tracking.settle();
    assertThat(failures()).containsExactly("worker-lost", "out-of-memory");
    assertThat(tracking.events(RunRecovered.class).filter(e -> e.getRunId().equals(run)))
        .hasSize(1);
    tracking.awaitFlow(request, "FAILED");
    assertThat(code(heartbeat(1))).isEqualTo("409 fenced");
    assertThat(code(complete(1))).isEqualTo("409 fenced");
  }

  @Test
  void lateDataChecksCount() {
    loseRun();

    assertThat(call("data-checks", "{'attempt':1,'passed':true,'rows':150}").status())
        .isEqualTo(200);

    assertThat(info().path("status").asString()).isEqualTo("RUNNING");
    tracking.await(DataValidated.class, event -> event.getRunId().equals(run));
  }

  @Test
  void aLateReleaseQueuesTheRunAgainAndTheOldDeadLetterNoLongerCounts() {
    loseRun();

    assertThat(call("release", "{'attempt':1}").status()).isEqualTo(200);
    assertThat(code(complete(1))).isEqualTo("409 fenced");
    tracking.settle();
    letTheCheckLook();

    Answer next = start("w2");
    assertThat(next.body().path("attempt").asInt()).as(next.text()).isEqualTo(2);
    assertThat(complete(2).status()).isEqualTo(200);
    tracking.awaitFlow(request, "TRAINED");
  }

  @Test
  void onlyTheLastOfSeveralAttemptsIsHeardLate() {
    endLease();
    assertThat(start("w2").body().path("attempt").asInt()).isEqualTo(2);
    loseRun();

    assertThat(code(complete(1))).isEqualTo("409 fenced");
    assertThat(code(heartbeat(1))).isEqualTo("409 fenced");
    assertThat(info().path("status").asString()).isEqualTo("FAILED");
    assertThat(complete(2).status()).isEqualTo(200);
    assertThat(info().path("status").asString()).isEqualTo("FINISHED");
  }

  @Test
  void aReleasedRunThatNobodyTookIsNotItsWorkersAnyMore() {
    call("release", "{'attempt':1}");
    loseRun();

    assertThat(code(heartbeat(1))).isEqualTo("409 fenced");
    assertThat(code(complete(1))).isEqualTo("409 fenced");
    assertThat(info().path("status").asString()).isEqualTo("FAILED");
  }

  @Test
  void aCancelledRunStaysAsItIs() {
    loseRun();
    assertThat(call("cancel", "{'by':'bob'}").body().path("status").asString()).isEqualTo("FAILED");

    staysFailed();
  }

  @Test
  void aRunWhoseCancelItsLostWorkerNeverHeardStaysAsItIs() {
    call("cancel", "{'by':'bob'}");
    loseRun();

    staysFailed();
  }

  @Test
  void aDeletedRunStaysDeletedAndMayGoOnOnceItIsRestored() {
    loseRun();
    tracking.mlflow("runs/delete", "{'run_id':'%s'}".formatted(run));
    staysFailed();

    tracking.mlflow("runs/restore", "{'run_id':'%s'}".formatted(run));
    assertThat(complete(1).status()).isEqualTo(200);
  }

  @Test
  void aStatusThatAClientGaveStays() {
    loseRun();
    tracking.mlflow("runs/update", "{'run_id':'%s','status':'KILLED'}".formatted(run));

    assertThat(code(complete(1))).isEqualTo("409 fenced");
    assertThat(info().path("status").asString()).isEqualTo("KILLED");
  }

  @Test
  void aRecoveredRunIsLostAgainWhenItsWorkerIsSilentAgain() {
    loseRun();
    assertThat(heartbeat(1).status()).isEqualTo(200);
    letTheCheckLook();
    assertThat(info().path("status").asString()).isEqualTo("RUNNING");

    endLease();
    awaitStatus("FAILED");
    tracking.settle();
    assertThat(failures()).containsExactly("worker-lost", "worker-lost");
    tracking.awaitFlow(request, "FAILED");

    assertThat(complete(1).status()).isEqualTo(200);
    tracking.awaitFlow(request, "TRAINED");
  }

  @Test
  void aReplayOfTheDeadLetterTrainsNothingTwice() {
    loseRun();
    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
    heartbeat(1);

    assertThat(code(start("w2"))).isEqualTo("409 run-leased");
    assertThat(complete(1).status()).isEqualTo(200);
    assertThat(code(start("w2"))).isEqualTo("409 run-finished");
  }

  private void staysFailed() {
    assertThat(code(heartbeat(1))).isEqualTo("409 fenced");
    assertThat(code(complete(1))).isEqualTo("409 fenced");
    assertThat(code(call("fail", "{'attempt':1,'reason':'crashed','message':'late'}")))
        .isEqualTo("409 fenced");
    assertThat(info().path("status").asString()).isEqualTo("FAILED");
    tracking.settle();
    assertThat(tracking.events(RunRecovered.class).map(RunRecovered::getRunId)).doesNotContain(run);
    assertThat(failures()).containsExactly("worker-lost");
  }

  /** The job becomes a dead letter and the lease has ended long ago. */
  private void loseRun() {
    tracking.publishDeadLetter(
        Topics.TRAINING_JOBS, run, "job".getBytes(StandardCharsets.UTF_8), "deliveries-exhausted");
    Awaitility.await("the letter is heard")
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                tracking.count(
                        "select count(*) as n from jobs where run_id = $1 and dead_lettered_at is not null",
                        run)
                    == 1);
    endLease();
    awaitStatus("FAILED");
  }

  /** As if nothing had been heard of the worker for two minutes. */
  private void endLease() {
    tracking
        .database()
        .inTransactionVoid(
            tx ->
                tx.update(
                    "update jobs set leased_until = leased_until - interval '2 minutes' where run_id = $1",
                    run));
  }

  /** Lets the look for lost runs, of every 200 ms, happen; a run that is lost now ends with it. */
  private void letTheCheckLook() {
    LateReportsIT other = new LateReportsIT();
    other.aRunOfOneWorker();
    other.loseRun();
  }

  private void awaitStatus(String status) {
    Awaitility.await(run + " " + status)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> info().path("status").asString().equals(status));
  }

  private List<String> failures() {
    return tracking
        .events(TrainingFailed.class)
        .filter(event -> event.getRunId().equals(run))
        .map(TrainingFailed::getReason)
        .toList();
  }

  private JsonNode info() {
    return tracking.get("/api/2.0/mlflow/runs/get?run_id=" + run).body().at("/run/info");
  }

  private Answer start(String worker) {
    return call("start", "{'worker':'%s','delivery':1}".formatted(worker));
  }

  private Answer heartbeat(int attempt) {
    return call("heartbeat", "{'attempt':%d}".formatted(attempt));
  }

  private Answer complete(int attempt) {
    return call(
        "complete",
        "{'attempt':%d,'metrics':{'roc_auc':0.97},'parityMaxAbsDiff':1.0E-7,%s}"
            .formatted(attempt, PACKAGE));
  }

  private Answer call(String what, String body) {
    return tracking.post("/api/v1/runs/" + run + "/" + what, body);
  }

  private static String code(Answer answer) {
    return answer.status() + " " + answer.body().path("code").asString();
  }
}
