package io.millrace.training.jobs;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.artifacts.ArtifactCorrupt;
import io.millrace.artifacts.ArtifactUnavailable;
import io.millrace.events.RunQueued;
import io.millrace.messaging.Delivery;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.messaging.RetryableFailure;
import io.millrace.messaging.TerminalFailure;
import io.millrace.messaging.WorkHandler;
import io.millrace.training.services.ServiceUnavailable;
import io.millrace.training.services.Tracking;
import io.millrace.training.services.Tracking.Start;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Takes a job from the queue: asks tracking for the run, does it, and says by its own end what
 * becomes of the job.
 */
@Component
final class TrainingJobs implements WorkHandler<RunQueued> {

  private static final Logger log = LoggerFactory.getLogger(TrainingJobs.class);
  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);
  private static final Duration GIVE_BACK_FOR = Duration.ofSeconds(5);
  private static final int MOST_TRAINER_TAGS = 50;

  private final Tracking tracking;
  private final TrainingRun run;
  private final JobSettings settings;
  private final String worker;
  private final MeterRegistry meters;
  private final AtomicInteger active;
  private final Set<String> trainerTags = ConcurrentHashMap.newKeySet();
  private final Set<String> here = ConcurrentHashMap.newKeySet();

  TrainingJobs(Tracking tracking, TrainingRun run, JobSettings settings, MeterRegistry meters) {
    this.tracking = tracking;
    this.run = run;
    this.settings = settings;
    this.worker = settings.worker().isEmpty() ? WorkerName.make() : settings.worker();
    this.meters = meters;
    this.active = new AtomicInteger();
    meters.gauge("millrace.training.active", active);
  }

  @Override
  public void work(ReceivedEvent<RunQueued> event, Delivery delivery) throws Exception {
    RunQueued job = event.payload();
    switch (awaitLease(job.getRunId(), delivery)) {
      case Start.Finished _ -> log.info("run {} has ended already", job.getRunId());
      case Start.Refused(String message) -> throw new TerminalFailure("run-refused", message);
      case Start.Taken(String message) -> throw new RetryableFailure(message, GIVE_BACK_FOR);
      case Start.Leased lease -> {
        try {
          train(job, lease, delivery);
        } finally {
          here.remove(job.getRunId());
        }
      }
    }
  }

  /** Waits in place where another worker holds the run, so that the wait costs no delivery. */
  private Start awaitLease(String runId, Delivery delivery) throws InterruptedException {
    long deadline = System.nanoTime() + settings.leaseWait().toNanos();
    while (true) {
      Start start = start(runId, delivery);
      if (!(start instanceof Start.Taken) || delivery.lockLost() || System.nanoTime() > deadline) {
        return start;
      }
      Thread.sleep(ASK_AGAIN);
    }
  }

  /**
   * A job whose lock was lost comes again while its run goes on, perhaps to this very worker, which
   * tracking would give the next attempt.
   */
  private Start start(String runId, Delivery delivery) throws InterruptedException {
    if (!here.add(runId)) {
      return new Start.Taken("this worker is at it already");
    }
    boolean leased = false;
    try {
      Start start = tracking.start(runId, worker, delivery.count());
      leased = start instanceof Start.Leased;
      return start;
    } finally {
      if (!leased) {
        here.remove(runId);
      }
    }
  }

  private void train(RunQueued job, Start.Leased lease, Delivery delivery)
      throws IOException, InterruptedException {
    log.info(
        "run {} attempt {}: {} for {}",
        job.getRunId(),
        lease.attempt(),
        job.getTrainer(),
        job.getModelName());
    long began = System.nanoTime();
    String tag = "given-up";
    active.incrementAndGet();
    try {
      Outcome outcome = run.execute(job, lease, delivery);
      tag = outcome.tag();
      switch (outcome) {
        case Outcome.Trained trained ->
            log.info("run {}: trained, {}", job.getRunId(), trained.metrics());
        case Outcome.Failed failed ->
            log.warn("run {}: {}: {}", job.getRunId(), failed.reason(), failed.message());
        case Outcome.GivenUp given -> {
          if (!releasedByStop(job.getRunId(), lease.attempt(), delivery)) {
            throw givenUp(job.getRunId(), given);
          }
        }
      }
    } catch (InterruptedException e) {
      if (!releasedByStop(job.getRunId(), lease.attempt(), delivery)) {
        throw e;
      }
    } catch (ServiceUnavailable | ArtifactUnavailable | ArtifactCorrupt e) {
      throw new RetryableFailure(String.valueOf(e.getMessage()), e);
    } finally {
      active.decrementAndGet();
      Timer.builder("millrace.training.duration")
          .description("From taking a run to its report")
          .tag("trainer", trainerTag(job.getTrainer()))
          .tag("outcome", tag)
          .register(meters)
          .record(Duration.ofNanos(System.nanoTime() - began));
    }
  }

  /**
   * The last thing a stopping worker does for a run: its trainer has ended, and tracking queues the
   * run anew, so that this job is done and the next worker need not wait for the lease.
   */
  private boolean releasedByStop(String runId, int attempt, Delivery delivery)
      throws InterruptedException {
    if (!delivery.stopping()) {
      return false;
    }
    // The stop's interrupt has done its work; this call must not end by it.
    Thread.interrupted();
    boolean released = tracking.release(runId, attempt);
    if (released) {
      log.info("run {} attempt {}: released, this worker stops", runId, attempt);
    }
    return released;
  }

  /**
   * Given back: whoever gets it next hears from tracking whether there is still something to do.
   */
  private static RetryableFailure givenUp(String runId, Outcome.GivenUp given) {
    String why = given.message() == null ? "the worker gave it up" : given.message();
    return new RetryableFailure("run " + runId + ": " + why);
  }

  private String trainerTag(String trainer) {
    if (trainerTags.contains(trainer) || trainerTags.size() < MOST_TRAINER_TAGS) {
      trainerTags.add(trainer);
      return trainer;
    }
    return "other";
  }
}
