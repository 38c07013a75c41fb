package io.millrace.tracking.work;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.metrics.MetricLog;
import io.millrace.tracking.registry.ModelPackage;
import io.millrace.tracking.registry.ModelRegistry;
import io.millrace.tracking.registry.ModelVersion;
import io.millrace.tracking.runs.Run;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.runs.RunStatus;
import io.millrace.tracking.runs.Runs;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Queued runs from their first start to their end. Every report of a worker names its attempt; a
 * report of an attempt that has lost the run changes nothing and is refused, and repeating a report
 * that was heard changes nothing and succeeds. A run that was given up because its worker was
 * silent runs again when that worker reports after all, and the report counts.
 */
@Component
public class Work {

  private final Database database;
  private final Jobs jobs;
  private final Runs runs;
  private final MetricLog metrics;
  private final ModelRegistry registry;
  private final JobEvents events;
  private final LeaseSettings settings;
  private final MeterRegistry meters;

  Work(
      Database database,
      Jobs jobs,
      Runs runs,
      MetricLog metrics,
      ModelRegistry registry,
      JobEvents events,
      LeaseSettings settings,
      MeterRegistry meters) {
    this.database = database;
    this.jobs = jobs;
    this.runs = runs;
    this.metrics = metrics;
    this.registry = registry;
    this.events = events;
    this.settings = settings;
    this.meters = meters;
  }

  /** Queues a run, in the caller's transaction. */
  public void queue(Tx tx, NewJob job) {
    jobs.add(tx, job);
    events.queued(tx, job);
  }

  /** What a worker got: its fencing token and for how long it has the run. */
  record Lease(int attempt, Duration length) {}

  Lease start(RunId id, String worker) {
    Job.Start start =
        database.inTransaction(
            tx -> {
              Job job = locked(tx, id);
              Instant now = jobs.now(tx);
              Job.Start decided = job.start(worker, now, settings.maxLostAttempts());
              switch (decided) {
                case Job.Start.Taken taken -> {
                  jobs.start(tx, id, worker, taken, settings.lease());
                  runs.begin(tx, id, now.toEpochMilli());
                  events.started(tx, job, worker, taken.attempt(), now);
                }
                case Job.Start.Cancelled cancelled ->
                    end(
                        tx,
                        job,
                        JobStatus.CANCELLED,
                        FailureReason.CANCELLED.code(),
                        "Cancelled by %s.".formatted(cancelled.by()));
                case Job.Start.Ended _, Job.Start.Leased _, Job.Start.Exhausted _ -> {}
              }
              return decided;
            });
    return switch (start) {
      case Job.Start.Taken taken -> new Lease(taken.attempt(), settings.lease());
      case Job.Start.Cancelled _ -> throw finished(id, JobStatus.CANCELLED);
      case Job.Start.Ended ended -> throw finished(id, ended.status());
      case Job.Start.Leased leased ->
          throw new ApiProblem(
              409,
              "run-leased",
              "Run %s is with worker %s until %s at least: give its job back and try later."
                  .formatted(id, leased.worker(), leased.until()));
      case Job.Start.Exhausted exhausted ->
          throw new ApiProblem(
              409,
              "attempts-exhausted",
              "%d workers had run %s and ended without a word: it is not started again. Look into their logs; does a trainer take its machine down?"
                  .formatted(exhausted.lostAttempts(), id));
    };
  }

  /**
   * Takes a run back from a worker that stops, and queues it again: the new job is to be taken by
   * anyone at once, the worker's own job is done. A cancelled run ends instead.
   */
  void release(RunId id, int attempt) {
    database.inTransactionVoid(
        tx -> {
          Job job = locked(tx, id);
          if (job.released(attempt)) {
            return;
          }
          if (classify(tx, job, attempt, null) != Job.Report.CURRENT) {
            throw fenced(job, attempt);
          }
          if (job.cancelledBy() != null) {
            end(
                tx,
                job,
                JobStatus.CANCELLED,
                FailureReason.CANCELLED.code(),
                "Cancelled by %s.".formatted(job.cancelledBy()));
            return;
          }
          jobs.release(tx, id);
          events.queued(
              tx,
              new NewJob(
                  id,
                  runs.get(tx, id).experimentId(),
                  job.requestId(),
                  job.pipeline(),
                  job.dataset(),
                  job.requestedBy()));
        });
  }

  /** Keeps the run for the attempt; returns whether somebody asked to stop it. */
  boolean heartbeat(RunId id, int attempt) {
    return database.inTransaction(
        tx ->
            jobs.extend(tx, id, attempt, settings.lease())
                .orElseGet(
                    () -> {
                      Job job = locked(tx, id);
                      if (classify(tx, job, attempt, null) != Job.Report.CURRENT) {
                        throw fenced(job, attempt);
                      }
                      return job.cancelledBy() != null;
                    }));
  }

  void dataChecks(
      RunId id,
      int attempt,
      boolean passed,
      long rows,
      List<WorkController.DataChecks.Check> checks) {
    database.inTransactionVoid(
        tx -> {
          Job job = locked(tx, id);
          if (classify(tx, job, attempt, null) != Job.Report.CURRENT) {
            throw fenced(job, attempt);
          }
          if (job.checkedAttempt() < attempt) {
            jobs.checked(tx, id, attempt);
            events.checked(tx, job, passed, rows, checks);
          }
        });
  }

  /** The run's end with a model: metrics, model version and all events in one transaction. */
  ModelVersion complete(
      RunId id,
      int attempt,
      Map<String, Double> finalMetrics,
      double parity,
      ModelPackage modelPackage) {
    return database.inTransaction(
        tx -> {
          Job job = locked(tx, id);
          return switch (classify(tx, job, attempt, JobStatus.TRAINED)) {
            case FENCED, LATE -> throw fenced(job, attempt);
            case REPEATED ->
                registry.ofTrainedRun(tx, id.value()).orElseThrow(() -> finished(id, job.status()));
            case CURRENT -> trained(tx, job, finalMetrics, parity, modelPackage);
          };
        });
  }

  void fail(RunId id, int attempt, String reason, String message) {
    database.inTransactionVoid(
        tx -> {
          Job job = locked(tx, id);
          JobStatus end = FailureReason.of(reason).status();
          switch (classify(tx, job, attempt, end)) {
            case FENCED, LATE -> throw fenced(job, attempt);
            case REPEATED -> {}
            case CURRENT -> end(tx, job, end, reason, message);
          }
        });
  }

  /**
   * Asks for the end of a run; one that no worker has ends at once, and one that was given up is
   * not taken up again by its worker. Returns its status then.
   */
  JobStatus cancel(RunId id, String by) {
    return database.inTransaction(
        tx -> {
          Job job = locked(tx, id);
          switch (job.status()) {
            case QUEUED -> {
              jobs.cancel(tx, id, by);
              end(
                  tx,
                  job,
                  JobStatus.CANCELLED,
                  FailureReason.CANCELLED.code(),
                  "Cancelled by %s before a worker took it.".formatted(by));
              return JobStatus.CANCELLED;
            }
            case RUNNING, FAILED -> {
              jobs.cancel(tx, id, by);
              if (job.cancelledBy() == null) {
                events.cancelRequested(tx, job, by);
              }
            }
            case TRAINED, CANCELLED -> {}
          }
          return job.status();
        });
  }

  /** Notes that a run's job will not be delivered again. */
  public void deadLettered(String runId, String reason) {
    database.inTransactionVoid(tx -> jobs.deadLettered(tx, new RunId(runId), reason));
  }

  /** Ends runs whose job is a dead letter and whose worker has been silent for long. */
  void endLost() {
    List<Jobs.Lost> lost = database.read(tx -> jobs.lost(tx, settings.lostAfter()));
    for (Jobs.Lost one : lost) {
      database.inTransactionVoid(
          tx -> {
            Job job = locked(tx, one.runId());
            boolean stillLost =
                jobs.lost(tx, settings.lostAfter()).stream()
                    .anyMatch(other -> other.runId().equals(one.runId()));
            if (stillLost && job.status().canTransitionTo(JobStatus.FAILED)) {
              jobs.giveUp(tx, one.runId(), settings.lease());
              tellFailed(
                  tx,
                  job,
                  RunStatus.FAILED,
                  FailureReason.WORKER_LOST.code(),
                  one.worker() == null
                      ? "The job was given up (%s) and no worker has it. Look into the workers' logs, then publish the request again under a new id."
                          .formatted(one.deadLetter())
                      : "The job was given up (%s) and worker %s is silent. Look into its log, then publish the request again under a new id. Should the worker report after all, the run goes on."
                          .formatted(one.deadLetter(), one.worker()));
            }
          });
    }
  }

  private ModelVersion trained(
      Tx tx, Job job, Map<String, Double> finalMetrics, double parity, ModelPackage modelPackage) {
    Instant now = jobs.now(tx);
    Run run = runs.get(tx, job.runId());
    metrics.logFinal(tx, run, finalMetrics, now.toEpochMilli());
    runs.end(tx, job.runId(), RunStatus.FINISHED, now.toEpochMilli());
    jobs.end(tx, job.runId(), JobStatus.TRAINED);
    long duration = job.startedAt() == null ? 0 : Duration.between(job.startedAt(), now).toMillis();
    events.trained(tx, job, modelPackage, finalMetrics, parity, duration);
    ModelVersion version =
        registry.registerTrained(
            tx,
            job.modelName(),
            job.runId().value(),
            job.requestId(),
            job.requestedBy(),
            modelPackage);
    ModelVersion champion =
        registry
            .served(tx, job.pipeline().promote().last(), job.modelName())
            .filter(serving -> serving.version() != version.version())
            .orElse(null);
    events.evaluationRequested(tx, job, version, modelPackage, champion);
    return version;
  }

  private void end(Tx tx, Job job, JobStatus end, String reason, String message) {
    jobs.end(tx, job.runId(), end);
    tellFailed(
        tx, job, end == JobStatus.CANCELLED ? RunStatus.KILLED : RunStatus.FAILED, reason, message);
  }

  private void tellFailed(Tx tx, Job job, RunStatus end, String reason, String message) {
    runs.end(tx, job.runId(), end, jobs.now(tx).toEpochMilli());
    metrics.tell(tx, job.runId());
    events.failed(tx, job, reason, message);
    meters.counter("millrace.runs.failed", "reason", FailureReason.of(reason).code()).increment();
  }

  /** What a report is, after a late one has got its run back where it still may. */
  private Job.Report classify(Tx tx, Job job, int attempt, @Nullable JobStatus end) {
    Job.Report report = job.report(attempt, end);
    if (report != Job.Report.LATE) {
      return report;
    }
    Run run = runs.getForUpdate(tx, job.runId());
    // Whoever deleted the run, or gave it another status, has decided about it meanwhile.
    if (run.stage() != LifecycleStage.ACTIVE || run.status() != RunStatus.FAILED) {
      return Job.Report.FENCED;
    }
    Instant now = jobs.now(tx);
    jobs.recover(tx, job.runId(), settings.lease());
    runs.begin(tx, job.runId(), run.startTime());
    Instant heard = job.silentSince() == null ? now : job.silentSince();
    events.recovered(tx, job, run, Duration.between(heard, now));
    return Job.Report.CURRENT;
  }

  private Job locked(Tx tx, RunId id) {
    return jobs.lock(tx, id)
        .orElseThrow(
            () -> new ApiProblem(404, "run-not-found", "There is no queued run %s.".formatted(id)));
  }

  private static ApiProblem finished(RunId id, JobStatus status) {
    return new ApiProblem(
        409,
        "run-finished",
        "Run %s has ended (%s): acknowledge its job."
            .formatted(id, status.name().toLowerCase(Locale.ROOT)));
  }

  private static ApiProblem fenced(Job job, int attempt) {
    return new ApiProblem(
        409,
        "fenced",
        "Attempt %d no longer has run %s: it is %s, in attempt %d. Stop working on it."
            .formatted(
                attempt, job.runId(), job.status().name().toLowerCase(Locale.ROOT), job.attempt()));
  }
}
