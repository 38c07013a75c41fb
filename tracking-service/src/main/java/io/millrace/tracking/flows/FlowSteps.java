package io.millrace.tracking.flows;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a flow in the order in which they happened, however the events arrived: what comes
 * before any environment by its place in the journey; then environment after environment, in the
 * order in which they were first decided on; within one, decisions by their time, which one service
 * sets, and a deployment after the promotion of its revision, whatever the clock of the replica
 * says. A run that was given up and went on each time has not failed.
 */
final class FlowSteps {

  /**
   * One step.
   *
   * @param environment null before the environments
   * @param revision 0 where there is none
   * @param losses how often it gave a run up because its worker was silent; negative: how often
   *     such a worker reported after all
   */
  record Step(
      FlowStatus status, @Nullable String environment, long revision, Instant time, long losses) {}

  private FlowSteps() {}

  static FlowStatus status(List<Step> steps) {
    List<Step> ordered = new ArrayList<>();
    Map<String, List<Step>> environments = new HashMap<>();
    boolean lost = steps.stream().mapToLong(Step::losses).sum() > 0;
    for (Step step : steps) {
      if (step.losses() > 0 && !lost) {
        continue;
      }
      if (step.environment() == null) {
        ordered.add(step);
      } else {
        environments.computeIfAbsent(step.environment(), name -> new ArrayList<>()).add(step);
      }
    }
    ordered.sort(Comparator.comparing(Step::status));
    environments.values().stream()
        .sorted(Comparator.comparing(FlowSteps::firstDecision))
        .forEach(environment -> ordered.addAll(inOrder(environment)));
    return FlowStatus.of(ordered.stream().map(Step::status).toList());
  }

  private static Instant firstDecision(List<Step> environment) {
    return environment.stream()
        .filter(step -> step.status() != FlowStatus.DEPLOYED)
        .map(Step::time)
        .min(Comparator.naturalOrder())
        .orElseGet(
            () ->
                environment.stream().map(Step::time).min(Comparator.naturalOrder()).orElseThrow());
  }

  private static List<Step> inOrder(List<Step> environment) {
    Map<Long, Instant> promoted = new TreeMap<>();
    for (Step step : environment) {
      if (step.status() == FlowStatus.PROMOTED) {
        promoted.put(step.revision(), step.time());
      }
    }
    // A deployment takes the time of the decision it carries out.
    return environment.stream()
        .sorted(
            Comparator.comparing(
                    (Step step) ->
                        step.status() == FlowStatus.DEPLOYED
                            ? promoted.getOrDefault(step.revision(), step.time())
                            : step.time())
                .thenComparing(Step::status))
        .toList();
  }
}
