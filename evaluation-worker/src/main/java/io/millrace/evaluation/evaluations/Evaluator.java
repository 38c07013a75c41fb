package io.millrace.evaluation.evaluations;

import io.millrace.artifacts.ArtifactCache.Copy;
import io.millrace.evaluation.gates.Champion;
import io.millrace.evaluation.gates.GateDecision;
import io.millrace.evaluation.gates.Gatekeeper;
import io.millrace.evaluation.intervals.Bootstrap;
import io.millrace.evaluation.intervals.Bootstrap.Resampled;
import io.millrace.evaluation.intervals.MeasuredMetric;
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

  private final Inputs inputs;

  Evaluator(Inputs inputs) {
    this.inputs = inputs;
  }

  /** Evaluates; whatever stands in the way for good is an outcome too. */
  Outcome evaluate(EvaluationJob job) throws InterruptedException {
    try (var model = inputs.modelPackage(job.modelPackage());
        var csv = inputs.dataset(job.content());
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

  /**
   * The champion's package, where a gate compares with it.
   *
   * @param version null where there is no champion, or no gate compares with it
   * @param copy null where it could not be downloaded
   * @param problem why it could not
   */
  private record Rival(@Nullable Integer version, @Nullable Copy<ModelPackage> copy, String problem)
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
      return new Rival(champion.version(), inputs.modelPackage(champion.modelPackage()), "");
    } catch (Unscorable e) {
      return new Rival(champion.version(), null, String.valueOf(e.getMessage()));
    }
  }
}
