package io.millrace.training.jobs;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactRefused;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.artifacts.InvalidArtifactUri;
import io.millrace.events.FileRef;
import io.millrace.events.RunQueued;
import io.millrace.messaging.Delivery;
import io.millrace.training.process.Exit;
import io.millrace.training.process.Stop;
import io.millrace.training.process.TrainerProcess;
import io.millrace.training.process.Trainers;
import io.millrace.training.services.ServiceRefused;
import io.millrace.training.services.ServiceSettings;
import io.millrace.training.services.ServiceUnavailable;
import io.millrace.training.services.Tracking;
import io.millrace.training.services.Tracking.Fenced;
import io.millrace.training.services.Tracking.Start.Leased;
import io.millrace.training.workdir.RunDirectory;
import io.millrace.training.workdir.WorkDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;

/** Does one attempt at a run, from the data to the report. */
@Component
final class TrainingRun {

  private static final Logger log = LoggerFactory.getLogger(TrainingRun.class);

  /** Bounds calls made from the watch loop, during which nobody watches the trainer. */
  private static final Duration MOMENT = Duration.ofSeconds(2);

  private final Tracking tracking;
  private final ArtifactClient artifacts;
  private final ArtifactCache cache;
  private final WorkDirectory directory;
  private final Trainers trainers;
  private final ServiceSettings.Patience patience;

  TrainingRun(
      Tracking tracking,
      ArtifactClient artifacts,
      ArtifactCache cache,
      WorkDirectory directory,
      Trainers trainers,
      ServiceSettings settings) {
    this.tracking = tracking;
    this.artifacts = artifacts;
    this.cache = cache;
    this.directory = directory;
    this.trainers = trainers;
    this.patience = settings.training();
  }

  /**
   * Does the run and reports how it ended.
   *
   * <p>The lease of the run decides whose it is, not Kafka's lock of the job: where the lock is
   * lost, the run goes on until tracking says that somebody else has it.
   *
   * @throws InterruptedException if the worker stops; the trainer is ended before
   */
  Outcome execute(RunQueued job, Leased lease, Delivery delivery)
      throws IOException, InterruptedException {
    Stopper stopper = new Stopper(Thread.currentThread());
    try (RunDirectory run = directory.open(job.getRunId(), lease.attempt());
        Heartbeat _ =
            new Heartbeat(
                tracking, job.getRunId(), lease.attempt(), lease.lease(), stopper::stop)) {
      delivery.goOnWithoutLock();
      delivery.onLockLost(
          () -> {
            if (delivery.stopping()) {
              stopper.stop(Stop.RELEASED);
            } else {
              log.warn(
                  "run {} goes on without the lock of its job, for as long as tracking leaves it to this worker",
                  job.getRunId());
            }
          });
      Outcome outcome = train(job, lease.attempt(), run, stopper);
      if (outcome instanceof Outcome.GivenUp) {
        return outcome;
      }
      return report(job, lease.attempt(), run, outcome);
    } catch (Fenced e) {
      return new Outcome.GivenUp(e.getMessage());
    }
  }

  private Outcome train(RunQueued job, int attempt, RunDirectory run, Stopper stopper)
      throws IOException, InterruptedException, Fenced {
    FileRef content = job.getDataset().getContent();
    try (var cached =
        cache.file(ArtifactUri.parse(content.getUri()), content.getSha256(), content.getSize())) {
      run.provideDataset(cached.content());
    } catch (ArtifactRefused | InvalidArtifactUri e) {
      return new Outcome.Failed(
          "invalid-parameters", "the dataset cannot be had: " + e.getMessage());
    }
    JobFile.write(job, run.job());
    ChecksReport checks = new ChecksReport(job.getRunId(), attempt, run);
    TrainerProcess trainer = trainers.start(run, job.getRunId(), attempt, job.getMemoryBytes());
    stopper.trainer(trainer);
    Duration time = Duration.ofMillis(job.getTimeoutMillis());
    Exit exit = trainer.await(trainers.limits(time, job.getMemoryBytes()), checks::look);
    checks.send(patience.resultPatience());
    Outcome outcome =
        new Verdict(time, job.getMemoryBytes()).on(exit, run.output(), LogTail.of(run.log()));
    return outcome instanceof Outcome.GivenUp given && exit.stop() == null
        ? whyRefused(job.getRunId(), attempt, given)
        : outcome;
  }

  /** Tracking refused what the trainer reported; only a heartbeat tells whose the run is. */
  private Outcome whyRefused(String runId, int attempt, Outcome.GivenUp given)
      throws InterruptedException, Fenced {
    return tracking.heartbeat(runId, attempt)
        ? new Outcome.Failed("cancelled", "the run was cancelled")
        : new Outcome.Failed("crashed", String.valueOf(given.message()));
  }

  private Outcome report(RunQueued job, int attempt, RunDirectory run, Outcome outcome)
      throws IOException, InterruptedException, Fenced {
    Outcome known = outcome;
    ModelUpload upload =
        new ModelUpload(
            artifacts,
            new ArtifactUri.Proxied(job.getExperimentId() + "/" + job.getRunId() + "/artifacts"),
            attempt,
            outcome instanceof Outcome.Trained ? patience.resultPatience() : patience.patience());
    try {
      upload.sendLog(run.log());
      if (known instanceof Outcome.Trained trained) {
        Tracking.PackageRef model = upload.send(run.output());
        tracking.complete(
            job.getRunId(), attempt, trained.metrics(), trained.parityMaxAbsDiff(), model);
        return trained;
      }
    } catch (ArtifactRefused | ServiceRefused e) {
      if (e instanceof ArtifactRefused refused && refused.status() == 409) {
        return new Outcome.GivenUp(e.getMessage());
      }
      if (known instanceof Outcome.Trained) {
        known = new Outcome.Failed("crashed", "the result was not accepted: " + e.getMessage());
      } else {
        log.warn("the log of run {} is not kept: {}", job.getRunId(), e.getMessage());
      }
    }
    if (known instanceof Outcome.Failed failed) {
      tracking.fail(job.getRunId(), attempt, failed.reason(), failed.message());
    }
    return known;
  }

  /** Sends the trainer's data checks as soon as they are there, once. */
  private final class ChecksReport {
    private final String runId;
    private final int attempt;
    private final RunDirectory run;
    private boolean sent;

    ChecksReport(String runId, int attempt, RunDirectory run) {
      this.runId = runId;
      this.attempt = attempt;
      this.run = run;
    }

    void look() throws InterruptedException {
      try {
        send(MOMENT);
      } catch (Fenced e) {
        // The next heartbeat says so too, and stops the trainer.
        sent = true;
      } catch (ServiceUnavailable e) {
        log.debug("data checks of run {} wait: {}", runId, e.getMessage());
      }
    }

    void send(Duration patience) throws InterruptedException, Fenced {
      if (sent) {
        return;
      }
      Optional<JsonNode> checks = TrainerReport.checks(run.output());
      if (checks.isPresent()) {
        tracking.dataChecks(runId, attempt, checks.get(), patience);
        sent = true;
      }
    }
  }

  /**
   * Where stops arrive: before the trainer runs they interrupt the preparation, later they go to
   * the trainer.
   */
  private static final class Stopper {
    private final Thread worker;
    private final AtomicReference<@Nullable TrainerProcess> trainer = new AtomicReference<>();
    private volatile @Nullable Stop early;

    Stopper(Thread worker) {
      this.worker = worker;
    }

    void stop(Stop reason) {
      TrainerProcess running = trainer.get();
      if (running != null) {
        running.stop(reason);
        return;
      }
      early = reason;
      running = trainer.get();
      if (running != null) {
        running.stop(reason);
      } else if (reason == Stop.RELEASED) {
        worker.interrupt();
      }
    }

    void trainer(TrainerProcess started) {
      trainer.set(started);
      Stop reason = early;
      if (reason != null) {
        started.stop(reason);
      }
    }
  }
}
