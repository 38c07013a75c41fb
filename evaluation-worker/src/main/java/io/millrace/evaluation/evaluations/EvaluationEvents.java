package io.millrace.evaluation.evaluations;

import io.millrace.database.Tx;
import io.millrace.evaluation.gates.GateDecision;
import io.millrace.events.EvaluatedMetric;
import io.millrace.events.EvaluationFailed;
import io.millrace.events.FileRef;
import io.millrace.events.GateResult;
import io.millrace.events.ModelEvaluated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import org.springframework.stereotype.Component;

/** Says what came of a job. */
@Component
class EvaluationEvents {
  private final Outbox outbox;

  EvaluationEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void tell(Tx tx, EvaluationJob job, Outcome outcome) {
    outbox.append(
        tx,
        Topics.EVALUATIONS,
        job.modelName(),
        switch (outcome) {
          case Outcome.Evaluated evaluated -> evaluated(job, evaluated);
          case Outcome.Failed failed -> failed(job, failed);
        },
        job.requestId());
  }

  private static ModelEvaluated evaluated(EvaluationJob job, Outcome.Evaluated evaluated) {
    StoredFile files = job.modelPackage();
    return ModelEvaluated.newBuilder()
        .setRequestId(job.requestId())
        .setRunId(job.runId())
        .setModelName(job.modelName())
        .setVersion(job.version())
        .setModelPackage(
            FileRef.newBuilder()
                .setUri(files.uri())
                .setMediaType(files.mediaType())
                .setSha256(files.sha256())
                .setSize(files.size())
                .build())
        .setVerdict(evaluated.verdict())
        .setRows(evaluated.rows())
        .setMetrics(
            evaluated.metrics().stream()
                .map(Evaluation.Measured::of)
                .map(EvaluationEvents::metric)
                .toList())
        .setGates(evaluated.gates().stream().map(EvaluationEvents::gate).toList())
        .setChampionVersion(job.championVersion())
        .setPipeline(job.pipelineJson())
        .setRequestedBy(job.requestedBy())
        .build();
  }

  private static EvaluationFailed failed(EvaluationJob job, Outcome.Failed failed) {
    return EvaluationFailed.newBuilder()
        .setRequestId(job.requestId())
        .setRunId(job.runId())
        .setModelName(job.modelName())
        .setVersion(job.version())
        .setReason(failed.reason().code())
        .setMessage(failed.message())
        .build();
  }

  private static EvaluatedMetric metric(Evaluation.Measured metric) {
    return EvaluatedMetric.newBuilder()
        .setName(metric.name())
        .setValue(metric.value())
        .setLower(metric.lower())
        .setUpper(metric.upper())
        .setConfidence(metric.confidence())
        .build();
  }

  private static GateResult gate(GateDecision decision) {
    return GateResult.newBuilder()
        .setMetric(decision.metric())
        .setCondition(decision.condition())
        .setThreshold(decision.threshold())
        .setValue(decision.value())
        .setPassed(decision.passed())
        .setMessage(decision.message())
        .build();
  }
}
