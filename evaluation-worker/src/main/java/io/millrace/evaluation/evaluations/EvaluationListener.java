package io.millrace.evaluation.evaluations;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactException;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.database.Database;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.FileRef;
import io.millrace.messaging.Delivery;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.messaging.TerminalFailure;
import io.millrace.messaging.WorkQueue;
import io.millrace.messaging.WorkQueues;
import io.millrace.messaging.WorkSettings;
import io.millrace.pipeline.InvalidPipeline;
import io.millrace.pipeline.Pipeline;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import tools.jackson.databind.json.JsonMapper;

/** Takes jobs, one worker of many. */
@Configuration(proxyBeanMethods = false)
class EvaluationListener {
  private static final Logger log = LoggerFactory.getLogger(EvaluationListener.class);
  private static final String GROUP = "evaluation-workers";
  private static final String REPORT = "evaluation.json";

  private final Database database;
  private final Evaluator evaluator;
  private final Evaluations evaluations;
  private final EvaluationEvents events;
  private final ArtifactClient artifacts;
  private final WorkSettings work;
  private final MeterRegistry meters;
  private final JsonMapper json;

  EvaluationListener(
      Database database,
      Evaluator evaluator,
      Evaluations evaluations,
      EvaluationEvents events,
      ArtifactClient artifacts,
      WorkSettings work,
      MeterRegistry meters,
      JsonMapper json) {
    this.database = database;
    this.evaluator = evaluator;
    this.evaluations = evaluations;
    this.events = events;
    this.artifacts = artifacts;
    this.work = work;
    this.meters = meters;
    this.json = json;
  }

  @Bean
  @Lazy(false)
  WorkQueue evaluationJobs(WorkQueues queues) {
    return queues.listen(Topics.EVALUATION_JOBS, GROUP, EvaluationRequested.class, this::work);
  }

  void work(ReceivedEvent<EvaluationRequested> event, Delivery delivery)
      throws InterruptedException {
    EvaluationJob job = read(event);
    if (database.read(tx -> evaluations.done(tx, job))) {
      return;
    }
    Timer.Sample sample = Timer.start(meters);
    Outcome outcome = outcome(job, delivery);
    Evaluation evaluation =
        Evaluation.of(job, outcome, Instant.now().truncatedTo(ChronoUnit.MILLIS));
    boolean first =
        database.inTransaction(
            tx -> {
              boolean added = evaluations.add(tx, job, evaluation);
              if (added) {
                events.tell(tx, job, outcome);
              }
              return added;
            });
    if (first) {
      measure(sample, outcome);
      report(job, evaluation);
    }
  }

  /** On the final delivery, report failure instead of retrying: workers that died reported none. */
  private Outcome outcome(EvaluationJob job, Delivery delivery) throws InterruptedException {
    return delivery.count() >= work.maxDeliveries()
        ? new Outcome.Failed(
            FailureReason.CRASHED,
            "%d deliveries of the job for %s ended without a result; see the logs of the evaluation workers, then their memory and disk."
                .formatted(delivery.count() - 1, job.label()))
        : evaluator.evaluate(job);
  }

  private void measure(Timer.Sample sample, Outcome outcome) {
    String name =
        switch (outcome) {
          case Outcome.Evaluated evaluated -> evaluated.verdict().toLowerCase(Locale.ROOT);
          case Outcome.Failed failed -> failed.reason().code();
        };
    sample.stop(
        Timer.builder("millrace.evaluation.duration")
            .description("From taking a job to its stored result.")
            .tag("outcome", name)
            .register(meters));
  }

  /** Stores a copy for people beside the run's artifacts; nothing else depends on it. */
  private void report(EvaluationJob job, Evaluation evaluation) throws InterruptedException {
    if (!evaluation.scored()) {
      return;
    }
    try {
      artifacts.upload(
          json.writerWithDefaultPrettyPrinter().writeValueAsBytes(evaluation),
          "application/json",
          ArtifactUri.Proxied.parse(job.modelPackage().uri()).sibling(REPORT));
    } catch (ArtifactException e) {
      log.warn("{} of {} was not stored beside its run: {}", REPORT, job.label(), e.toString());
    }
  }

  private static EvaluationJob read(ReceivedEvent<EvaluationRequested> event) {
    EvaluationRequested asked = event.payload();
    try {
      return new EvaluationJob(
          event.id(),
          asked.getRequestId(),
          asked.getRunId(),
          asked.getModelName(),
          asked.getVersion(),
          file(asked.getModelPackage()),
          file(asked.getDataset().getContent()),
          champion(asked),
          Pipeline.fromJson(asked.getPipeline()),
          asked.getPipeline(),
          asked.getRequestedBy());
    } catch (InvalidPipeline e) {
      throw new TerminalFailure(
          "invalid-pipeline",
          "The job for %s version %d carries no valid pipeline: %s"
              .formatted(asked.getModelName(), asked.getVersion(), e.getMessage()));
    }
  }

  private static EvaluationJob.@Nullable Rival champion(EvaluationRequested asked) {
    Integer version = asked.getChampionVersion();
    FileRef files = asked.getChampionPackage();
    return version == null || files == null ? null : new EvaluationJob.Rival(version, file(files));
  }

  private static StoredFile file(FileRef ref) {
    return new StoredFile(ref.getUri(), ref.getMediaType(), ref.getSha256(), ref.getSize());
  }
}
