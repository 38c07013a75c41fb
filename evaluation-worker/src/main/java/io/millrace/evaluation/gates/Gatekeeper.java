package io.millrace.evaluation.gates;

import io.millrace.evaluation.intervals.Bootstrap;
import io.millrace.evaluation.intervals.Bootstrap.Interval;
import io.millrace.evaluation.intervals.Bootstrap.Resampled;
import io.millrace.modelmetrics.Metric;
import io.millrace.pipeline.Gate;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides gates by the point estimates on the held-out rows. A gate whose metric cannot be computed
 * does not let the model through; a comparison with a champion does where there is none, and does
 * not where it cannot be scored. Values at the threshold pass.
 */
public final class Gatekeeper {
  private final Bootstrap bootstrap;
  private final Resampled candidate;
  private final Champion champion;

  public Gatekeeper(Bootstrap bootstrap, Resampled candidate, Champion champion) {
    this.bootstrap = bootstrap;
    this.candidate = candidate;
    this.champion = champion;
  }

  /** Every gate's decision, in the order of the pipeline. */
  public List<GateDecision> decide(List<Gate> gates) {
    return gates.stream().map(this::decide).toList();
  }

  /** Whether all of them let the model through. */
  public static boolean passed(List<GateDecision> decisions) {
    return decisions.stream().allMatch(GateDecision::passed);
  }

  private GateDecision decide(Gate gate) {
    Metric metric = Metric.of(gate.metric()).filter(candidate.metrics()::contains).orElse(null);
    if (metric == null) {
      return refused(
          gate,
          null,
          "There is no metric '%s' for this task; the metrics are %s."
              .formatted(
                  gate.metric(),
                  candidate.metrics().stream().map(Metric::key).collect(Collectors.joining(", "))));
    }
    double value = candidate.estimate(metric);
    if (!Double.isFinite(value)) {
      return refused(gate, null, "%s is not defined on the held-out rows.".formatted(metric.key()));
    }
    return switch (gate) {
      case Gate.AtLeast(String _, double min) ->
          compared(gate, metric, value, min, value >= min, "at least");
      case Gate.AtMost(String _, double max) ->
          compared(gate, metric, value, max, value <= max, "at most");
      case Gate.NotWorseThanChampion(String _, double by) -> beside(gate, metric, value, by);
    };
  }

  private GateDecision compared(
      Gate gate, Metric metric, double value, double threshold, boolean passed, String needed) {
    return new GateDecision(
        gate.metric(),
        gate.condition(),
        threshold,
        value,
        passed,
        "%s is %s%s, %s %s is needed."
            .formatted(
                metric.key(),
                number(value),
                within(bootstrap.interval(candidate, metric)),
                needed,
                number(threshold)));
  }

  private GateDecision beside(Gate gate, Metric metric, double value, double by) {
    return switch (champion) {
      case Champion.None() ->
          new GateDecision(
              gate.metric(),
              gate.condition(),
              null,
              value,
              true,
              "%s is %s; no version serves yet, so there is no champion to compare with."
                  .formatted(metric.key(), number(value)));
      case Champion.Unscorable(int version, String why) ->
          refused(
              gate,
              value,
              "The champion, version %d, could not be scored: %s".formatted(version, why));
      case Champion.Scored(int version, Resampled metrics) -> {
        double theirs = metrics.estimate(metric);
        if (!Double.isFinite(theirs)) {
          yield refused(
              gate,
              value,
              "%s of the champion, version %d, is not defined on the held-out rows."
                  .formatted(metric.key(), version));
        }
        double threshold = metric.higherIsBetter() ? theirs - by : theirs + by;
        boolean passed = metric.higherIsBetter() ? value >= threshold : value <= threshold;
        yield new GateDecision(
            gate.metric(),
            gate.condition(),
            threshold,
            value,
            passed,
            "%s is %s, the champion, version %d, has %s on the same rows; the difference is %s%s, %s."
                .formatted(
                    metric.key(),
                    number(value),
                    version,
                    number(theirs),
                    number(value - theirs),
                    within(bootstrap.difference(candidate, metrics, metric)),
                    passed
                        ? "not worse by more than " + number(by)
                        : "worse by more than " + number(by)));
      }
    };
  }

  private static GateDecision refused(Gate gate, @Nullable Double value, String message) {
    return new GateDecision(gate.metric(), gate.condition(), null, value, false, message);
  }

  private static String within(@Nullable Interval interval) {
    return interval == null
        ? ""
        : " (%s to %s)".formatted(number(interval.lower()), number(interval.upper()));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }
}
