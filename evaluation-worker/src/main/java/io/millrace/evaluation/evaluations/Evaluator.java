package io.millrace.evaluation.evaluations;

import io.millrace.evaluation.downloads.Downloads;
import io.millrace.evaluation.downloads.Unobtainable;
import io.millrace.evaluation.gates.Champion;
import io.millrace.evaluation.gates.GateDecision;
import io.millrace.evaluation.gates.Gatekeeper;
import io.millrace.evaluation.metrics.Bootstrap;
import io.millrace.evaluation.metrics.Bootstrap.Resampled;
import io.millrace.evaluation.metrics.MeasuredMetric;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.pipeline.Gate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Scores a version on its held-out rows and decides its gates. Touches no database; equal jobs have
 * equal outcomes.
 */
@Component
class Evaluator {
  private static final Logger log = LoggerFactory.getLogger(Evaluator.class);

  private final Downloads downloads;

  Evaluator(Downloads downloads) {
    this.downloads = downloads;
  }

  /** Evaluates; whatever stands in the way for good is an outcome too. */
  Outcome evaluate(EvaluationJob job) throws InterruptedException {
    try (var model = modelPackage(job);
        var csv = dataset(job);
        var rival = rival(job)) {
      return score(job, model.content(), csv.content(), rival);
    } catch (Unscorable e) {
      return e.outcome();
    } catch (IllegalStateException | IllegalArgumentException e) {
      log.error("{} could not be scored", job.label(), e);
      return new Outcome.Failed(
          FailureReason.CRASHED,
          "Scoring %s failed: %s. The worker's log has the details."
              .formatted(job.label(), e.getMessage()));
    }
  }

  private static Outcome score(EvaluationJob job, ModelPackage model, Path csv, Rival rival) {
    List<ModelPackage> models = new ArrayList<>(List.of(model));
    if (rival.copy() != null) {
      models.add(rival.copy().content());
    }
    TestRows rows = TestRows.read(csv, job.pipeline().dataset(), models);
    var settings = job.pipeline().evaluate().bootstrap();
    Bootstrap bootstrap =
        new Bootstrap(
            settings.resamples(), settings.confidence(), job.pipeline().dataset().split().seed());
    Resampled resampled = bootstrap.resample(rows.score(model));
    List<GateDecision> decisions =
        new Gatekeeper(bootstrap, resampled, champion(rival, rows, bootstrap))
            .decide(job.pipeline().evaluate().gates());
    List<MeasuredMetric> metrics =
        resampled.metrics().stream()
            .filter(metric -> Double.isFinite(resampled.estimate(metric)))
            .map(
                metric ->
                    new MeasuredMetric(
                        metric,
                        resampled.estimate(metric),
                        bootstrap.interval(resampled, metric),
                        bootstrap.confidence()))
            .toList();
    return new Outcome.Evaluated(Gatekeeper.passed(decisions), rows.count(), metrics, decisions);
  }

  private static Champion champion(Rival rival, TestRows rows, Bootstrap bootstrap) {
    if (rival.version() == null) {
      return new Champion.None();
    }
    if (rival.copy() == null) {
      return new Champion.Unscorable(rival.version(), rival.problem());
    }
    try {
      return new Champion.Scored(
          rival.version(), bootstrap.resample(rows.score(rival.copy().content())));
    } catch (Unscorable | IllegalStateException | IllegalArgumentException e) {
      return new Champion.Unscorable(rival.version(), String.valueOf(e.getMessage()));
    }
  }

  private Downloads.Copy<ModelPackage> modelPackage(EvaluationJob job) throws InterruptedException {
    try {
      return downloads.modelPackage(job.modelPackage());
    } catch (Unobtainable e) {
      throw new Unscorable(
          switch (e.reason()) {
            case UNAVAILABLE -> FailureReason.PACKAGE_UNAVAILABLE;
            case CORRUPT -> FailureReason.PACKAGE_CORRUPT;
          },
          String.valueOf(e.getMessage()));
    }
  }

  private Downloads.Copy<Path> dataset(EvaluationJob job) throws InterruptedException {
    try {
      return downloads.dataset(job.dataset(), job.datasetVersion(), job.content());
    } catch (Unobtainable e) {
      throw new Unscorable(
          switch (e.reason()) {
            case UNAVAILABLE -> FailureReason.DATASET_UNAVAILABLE;
            case CORRUPT -> FailureReason.DATASET_CORRUPT;
          },
          String.valueOf(e.getMessage()));
    }
  }

  /**
   * The champion's package, where a gate asks for it.
   *
   * @param version null where there is no champion, or nobody asks for it
   * @param copy null where it could not be had
   * @param problem why not
   */
  private record Rival(
      @Nullable Integer version, Downloads.@Nullable Copy<ModelPackage> copy, String problem)
      implements AutoCloseable {
    @Override
    public void close() {
      if (copy != null) {
        copy.close();
      }
    }
  }

  private Rival rival(EvaluationJob job) throws InterruptedException {
    EvaluationJob.Rival champion = job.champion();
    boolean asked =
        job.pipeline().evaluate().gates().stream()
            .anyMatch(gate -> gate instanceof Gate.NotWorseThanChampion);
    if (champion == null || !asked) {
      return new Rival(null, null, "");
    }
    try {
      return new Rival(champion.version(), downloads.modelPackage(champion.modelPackage()), "");
    } catch (Unobtainable e) {
      return new Rival(champion.version(), null, String.valueOf(e.getMessage()));
    }
  }
}
