package io.millrace.tracking.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.work.Job.Report;
import io.millrace.tracking.work.Job.Start;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JobTest {

  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Pipeline PIPELINE =
      PipelineFile.parse(PipelineFile.template("p", "d", "t")).orThrow();

  private static Job job(
      JobStatus status, int attempt, String worker, Instant leasedUntil, String cancelledBy) {
    return job(status, attempt, worker, leasedUntil, cancelledBy, 0);
  }

  private static Job job(
      JobStatus status,
      int attempt,
      String worker,
      Instant leasedUntil,
      String cancelledBy,
      int lostAttempts) {
    return new Job(
        new RunId("r"),
        "q",
        "p",
        new DatasetVersion("d", 1, "", "dataset:/d/1", "text/csv", "", 1),
        PIPELINE,
        "alice",
        status,
        attempt,
        worker,
        leasedUntil,
        null,
        0,
        cancelledBy,
        lostAttempts,
        null);
  }

  private static Job givenUp(int attempt, String cancelledBy) {
    Job job = job(JobStatus.FAILED, attempt, "w", null, cancelledBy);
    return new Job(
        job.runId(),
        job.requestId(),
        job.modelName(),
        job.dataset(),
        job.pipeline(),
        job.requestedBy(),
        job.status(),
        job.attempt(),
        job.worker(),
        null,
        null,
        0,
        cancelledBy,
        1,
        NOW);
  }

  @Test
  void statusKnowsEveryEdge() {
    Map<JobStatus, Set<JobStatus>> legal = new EnumMap<>(JobStatus.class);
    legal.put(
        JobStatus.QUEUED, EnumSet.of(JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED));
    legal.put(JobStatus.RUNNING, EnumSet.allOf(JobStatus.class));
    for (JobStatus ended : EnumSet.of(JobStatus.TRAINED, JobStatus.FAILED, JobStatus.CANCELLED)) {
      legal.put(ended, EnumSet.noneOf(JobStatus.class));
    }

    for (JobStatus from : JobStatus.values()) {
      for (JobStatus to : JobStatus.values()) {
        assertThat(from.canTransitionTo(to))
            .as("%s to %s", from, to)
            .isEqualTo(legal.get(from).contains(to));
      }
      assertThat(from.ended()).isEqualTo(legal.get(from).isEmpty());
    }
  }

  @Test
  void startsOnceMoreWithTheNextAttempt() {
    assertThat(job(JobStatus.QUEUED, 0, null, null, null).start("w", NOW, 4))
        .isEqualTo(new Start.Taken(1, 0));
    assertThat(job(JobStatus.RUNNING, 1, "v", NOW.minusMillis(1), null).start("w", NOW, 4))
        .isEqualTo(new Start.Taken(2, 1));
    assertThat(job(JobStatus.RUNNING, 1, "w", NOW.plusSeconds(9), null).start("w", NOW, 4))
        .isEqualTo(new Start.Taken(2, 1));
  }

  @Test
  void countsAttemptsThatWereNeitherEndedNorReleased() {
    assertThat(job(JobStatus.QUEUED, 3, null, null, null, 3).start("w", NOW, 4))
        .isEqualTo(new Start.Taken(4, 3));
    assertThat(job(JobStatus.RUNNING, 3, "v", NOW.minusMillis(1), null, 2).start("w", NOW, 4))
        .isEqualTo(new Start.Taken(4, 3));
    assertThat(job(JobStatus.RUNNING, 4, "v", NOW.minusMillis(1), null, 3).start("w", NOW, 4))
        .isEqualTo(new Start.Exhausted(4));
    assertThat(job(JobStatus.RUNNING, 4, "v", NOW.plusSeconds(1), null, 3).start("w", NOW, 4))
        .isInstanceOf(Start.Leased.class);
  }

  @Test
  void knowsTheAttemptThatReleasedIt() {
    Job released = job(JobStatus.QUEUED, 2, null, null, null);
    assertThat(released.released(2)).isTrue();
    assertThat(released.released(1)).isFalse();
    assertThat(job(JobStatus.QUEUED, 0, null, null, null).released(0)).isFalse();
    assertThat(job(JobStatus.RUNNING, 2, "w", NOW, null).released(2)).isFalse();
    assertThat(released.report(2, null)).isEqualTo(Report.FENCED);
    assertThat(released.report(2, JobStatus.TRAINED)).isEqualTo(Report.FENCED);
  }

  @Test
  void staysWithALiveWorker() {
    assertThat(job(JobStatus.RUNNING, 1, "v", NOW.plusSeconds(9), "bob").start("w", NOW, 4))
        .isEqualTo(new Start.Leased("v", NOW.plusSeconds(9)));
  }

  @Test
  void doesNotStartWhenCancelledOrEnded() {
    assertThat(job(JobStatus.RUNNING, 1, "v", NOW.minusSeconds(9), "bob").start("w", NOW, 4))
        .isEqualTo(new Start.Cancelled("bob"));
    for (JobStatus ended : EnumSet.of(JobStatus.TRAINED, JobStatus.FAILED, JobStatus.CANCELLED)) {
      assertThat(job(ended, 1, "v", null, null).start("w", NOW, 4))
          .isEqualTo(new Start.Ended(ended));
    }
  }

  @Test
  void hearsOnlyTheAttemptThatHasIt() {
    Job running = job(JobStatus.RUNNING, 2, "w", NOW, null);
    assertThat(running.report(2, null)).isEqualTo(Report.CURRENT);
    assertThat(running.report(1, null)).isEqualTo(Report.FENCED);
    assertThat(running.report(3, JobStatus.TRAINED)).isEqualTo(Report.FENCED);
    assertThat(job(JobStatus.QUEUED, 0, null, null, null).report(0, null)).isEqualTo(Report.FENCED);
  }

  @Test
  void hearsTheLastAttemptOfAGivenUpRunUnlessItWasCancelled() {
    for (JobStatus end : new JobStatus[] {null, JobStatus.TRAINED, JobStatus.FAILED}) {
      assertThat(givenUp(2, null).report(2, end)).isEqualTo(Report.LATE);
      assertThat(givenUp(2, null).report(1, end)).isEqualTo(Report.FENCED);
      assertThat(givenUp(2, null).report(3, end)).isEqualTo(Report.FENCED);
      assertThat(givenUp(2, "bob").report(2, end)).isEqualTo(Report.FENCED);
    }
    assertThat(givenUp(0, null).report(0, null)).isEqualTo(Report.FENCED);
    assertThat(givenUp(2, null).start("w", NOW, 4)).isEqualTo(new Start.Ended(JobStatus.FAILED));
  }

  @Test
  void knowsTheReportThatEndedIt() {
    Job trained = job(JobStatus.TRAINED, 2, "w", null, null);
    assertThat(trained.report(2, JobStatus.TRAINED)).isEqualTo(Report.REPEATED);
    assertThat(trained.report(2, JobStatus.FAILED)).isEqualTo(Report.FENCED);
    assertThat(trained.report(2, null)).isEqualTo(Report.FENCED);
    assertThat(trained.report(1, JobStatus.TRAINED)).isEqualTo(Report.FENCED);
  }
}
