package io.millrace.tracking.flows;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.flows.FlowSteps.Step;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FlowStepsTest {

  private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");

  private static Step step(FlowStatus status, long second) {
    return new Step(status, null, 0, START.plusSeconds(second), 0);
  }

  private static Step lost(int times) {
    return new Step(FlowStatus.FAILED, null, 0, START.plusSeconds(3), times);
  }

  private static Step recovered(int times) {
    return new Step(FlowStatus.RUNNING, null, 0, START.plusSeconds(4), -times);
  }

  private static Step in(String environment, FlowStatus status, long revision, long second) {
    return new Step(status, environment, revision, START.plusSeconds(second), 0);
  }

  /** The answer for the steps, and for as many shuffles of them as are worth trying. */
  private static FlowStatus status(List<Step> steps) {
    FlowStatus status = FlowSteps.status(steps);
    List<Step> shuffled = new ArrayList<>(steps);
    Random random = new Random(7);
    for (int i = 0; i < 200; i++) {
      Collections.shuffle(shuffled, random);
      assertThat(FlowSteps.status(shuffled)).isEqualTo(status);
    }
    return status;
  }

  private static List<Step> journey() {
    return List.of(
        step(FlowStatus.REQUESTED, 0),
        step(FlowStatus.QUEUED, 1),
        step(FlowStatus.RUNNING, 2),
        step(FlowStatus.TRAINED, 3),
        step(FlowStatus.EVALUATED, 4),
        in("staging", FlowStatus.PROMOTED, 1, 5),
        in("staging", FlowStatus.DEPLOYED, 1, 6),
        in("production", FlowStatus.AWAITING_APPROVAL, 0, 7),
        in("production", FlowStatus.PROMOTED, 1, 8),
        in("production", FlowStatus.DEPLOYED, 1, 9));
  }

  @Test
  void followTheJourneyWhateverTheOrderOfArrival() {
    List<FlowStatus> statuses = new ArrayList<>();
    for (int events = 0; events <= journey().size(); events++) {
      statuses.add(status(journey().subList(0, events)));
    }

    assertThat(statuses)
        .containsExactly(
            FlowStatus.REQUESTED,
            FlowStatus.REQUESTED,
            FlowStatus.QUEUED,
            FlowStatus.RUNNING,
            FlowStatus.TRAINED,
            FlowStatus.EVALUATED,
            FlowStatus.PROMOTED,
            FlowStatus.DEPLOYED,
            FlowStatus.AWAITING_APPROVAL,
            FlowStatus.PROMOTED,
            FlowStatus.DEPLOYED);
  }

  @Test
  void doNotMindTheClockOfAReplica() {
    List<Step> skewed = new ArrayList<>(journey().subList(0, 9));
    skewed.add(in("production", FlowStatus.DEPLOYED, 1, -3600));
    skewed.set(6, in("staging", FlowStatus.DEPLOYED, 1, 3600));

    assertThat(status(skewed)).isEqualTo(FlowStatus.DEPLOYED);
    assertThat(status(skewed.subList(0, 8))).isEqualTo(FlowStatus.AWAITING_APPROVAL);
  }

  @Test
  void endWithARefusal() {
    List<Step> refused = new ArrayList<>(journey().subList(0, 8));
    refused.add(in("production", FlowStatus.MODEL_REJECTED, 0, 20));

    assertThat(status(refused)).isEqualTo(FlowStatus.MODEL_REJECTED);
    assertThat(status(List.of(step(FlowStatus.RUNNING, 1), step(FlowStatus.FAILED, 0))))
        .isEqualTo(FlowStatus.FAILED);
  }

  @Test
  void goOnWithARunThatWasGivenUpAndReportedAgain() {
    List<Step> steps = new ArrayList<>(journey().subList(0, 3));
    steps.add(lost(1));
    assertThat(status(steps)).isEqualTo(FlowStatus.FAILED);
    steps.add(recovered(1));
    assertThat(status(steps)).isEqualTo(FlowStatus.RUNNING);
    steps.add(step(FlowStatus.TRAINED, 5));
    assertThat(status(steps)).isEqualTo(FlowStatus.TRAINED);
    steps.set(3, lost(2));
    assertThat(status(steps.subList(0, 5))).isEqualTo(FlowStatus.FAILED);
    steps.set(4, recovered(2));
    assertThat(status(steps)).isEqualTo(FlowStatus.TRAINED);
  }

  @Test
  void endWithTheFailureThatARecoveredRunReports() {
    List<Step> steps = new ArrayList<>(journey().subList(0, 3));
    steps.add(lost(1));
    steps.add(recovered(1));
    steps.add(step(FlowStatus.FAILED, 6));

    assertThat(status(steps)).isEqualTo(FlowStatus.FAILED);
  }

  @Test
  void goOnWhenAPersonPromotesByHand() {
    List<Step> steps = new ArrayList<>(journey().subList(0, 5));
    steps.add(in("staging", FlowStatus.MODEL_REJECTED, 0, 5));
    steps.add(in("staging", FlowStatus.PROMOTED, 4, 60));

    assertThat(status(steps)).isEqualTo(FlowStatus.PROMOTED);
  }

  @Test
  void waitForTheDeploymentOfTheNewestRevision() {
    List<Step> steps = new ArrayList<>(journey());
    steps.add(in("production", FlowStatus.PROMOTED, 5, 100));

    assertThat(status(steps)).isEqualTo(FlowStatus.PROMOTED);
  }
}
