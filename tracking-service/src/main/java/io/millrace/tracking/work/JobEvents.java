package io.millrace.tracking.work;

import io.millrace.database.Tx;
import io.millrace.events.DataCheck;
import io.millrace.events.DataValidated;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.FileRef;
import io.millrace.events.ModelTrained;
import io.millrace.events.RunCancelRequested;
import io.millrace.events.RunQueued;
import io.millrace.events.RunRecovered;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainingFailed;
import io.millrace.messaging.Outbox;
import io.millrace.pipeline.Pipeline;
import io.millrace.schemas.Topics;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.registry.ModelPackage;
import io.millrace.tracking.registry.ModelVersion;
import io.millrace.tracking.runs.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What queued runs tell the others. */
@Component
class JobEvents {

  private static final int LONGEST_NAME = 200;

  private final Outbox outbox;

  JobEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void queued(Tx tx, NewJob job) {
    Pipeline.Train train = job.pipeline().train();
    outbox.append(
        tx,
        Topics.TRAINING_JOBS,
        job.runId().value(),
        RunQueued.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setExperimentId(job.experimentId().toString())
            .setModelName(job.pipeline().name())
            .setTrainer(train.trainer())
            .setParams(Map.copyOf(train.params()))
            .setSeed(train.seed())
            .setMemoryBytes(train.resources().memoryBytes())
            .setTimeoutMillis(train.resources().timeout().toMillis())
            .setDataset(DatasetEvents.reference(job.dataset()))
            .setPipeline(job.pipeline().toJson())
            .setRequestedBy(job.requestedBy())
            .build(),
        job.requestId());
  }

  void started(Tx tx, Job job, String worker, int attempt, Instant at) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        RunStarted.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setWorker(worker)
            .setAttempt(attempt)
            .setStartedAt(at)
            .build(),
        job.requestId());
  }

  void checked(
      Tx tx, Job job, boolean passed, long rows, List<WorkController.DataChecks.Check> checks) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        DataValidated.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setPassed(passed)
            .setRows(rows)
            .setChecks(
                checks.stream()
                    .map(
                        check ->
                            DataCheck.newBuilder()
                                .setCheck(check.check())
                                .setColumn(check.column())
                                .setStatus(check.status())
                                .setMessage(check.message())
                                .build())
                    .toList())
            .build(),
        job.requestId());
  }

  void trained(
      Tx tx,
      Job job,
      ModelPackage held,
      Map<String, Double> metrics,
      double parity,
      long durationMillis) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        ModelTrained.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setModelName(job.modelName())
            .setModelPackage(fileRef(held))
            .setMetrics(metrics)
            .setParityMaxAbsDiff(parity)
            .setDurationMillis(durationMillis)
            .setAttempt(job.attempt())
            .build(),
        job.requestId());
  }

  void evaluationRequested(
      Tx tx, Job job, ModelVersion version, ModelPackage held, @Nullable ModelVersion champion) {
    ModelPackage championPackage = champion == null ? null : champion.modelPackage();
    outbox.append(
        tx,
        Topics.EVALUATION_JOBS,
        version.name(),
        EvaluationRequested.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setModelName(version.name())
            .setVersion(version.version())
            .setModelPackage(fileRef(held))
            .setDataset(DatasetEvents.reference(job.dataset()))
            .setChampionVersion(champion == null ? null : champion.version())
            .setChampionPackage(championPackage == null ? null : fileRef(championPackage))
            .setPipeline(job.pipeline().toJson())
            .setRequestedBy(job.requestedBy())
            .build(),
        job.requestId());
  }

  void failed(Tx tx, Job job, String reason, String message) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        TrainingFailed.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setReason(reason)
            .setMessage(message)
            .setAttempt(job.attempt())
            .build(),
        job.requestId());
  }

  void cancelRequested(Tx tx, Job job, String by) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        RunCancelRequested.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setBy(Names.truncated(by, LONGEST_NAME))
            .build(),
        job.requestId());
  }

  void recovered(Tx tx, Job job, Run run, Duration silent) {
    outbox.append(
        tx,
        Topics.RUNS,
        job.runId().value(),
        RunRecovered.newBuilder()
            .setRequestId(job.requestId())
            .setRunId(job.runId().value())
            .setExperimentId(run.experimentId().toString())
            .setSilentMillis(silent.toMillis())
            .setAttempt(job.attempt())
            .build(),
        job.requestId());
  }

  private static FileRef fileRef(ModelPackage held) {
    return FileRef.newBuilder()
        .setUri(held.uri())
        .setMediaType(held.mediaType())
        .setSha256(held.sha256())
        .setSize(held.size())
        .build();
  }
}
