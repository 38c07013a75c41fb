package io.millrace.tracking.flows;

import static io.millrace.tracking.flows.FlowStatus.AWAITING_APPROVAL;
import static io.millrace.tracking.flows.FlowStatus.DEPLOYED;
import static io.millrace.tracking.flows.FlowStatus.EVALUATED;
import static io.millrace.tracking.flows.FlowStatus.FAILED;
import static io.millrace.tracking.flows.FlowStatus.MODEL_REJECTED;
import static io.millrace.tracking.flows.FlowStatus.PROMOTED;
import static io.millrace.tracking.flows.FlowStatus.QUEUED;
import static io.millrace.tracking.flows.FlowStatus.REJECTED;
import static io.millrace.tracking.flows.FlowStatus.REQUESTED;
import static io.millrace.tracking.flows.FlowStatus.RUNNING;
import static io.millrace.tracking.flows.FlowStatus.TRAINED;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class FlowStatusTest {

  private static final Map<FlowStatus, Set<FlowStatus>> LEGAL = new EnumMap<>(FlowStatus.class);

  static {
    Set<FlowStatus> environments =
        EnumSet.of(AWAITING_APPROVAL, PROMOTED, DEPLOYED, MODEL_REJECTED);
    LEGAL.put(REQUESTED, EnumSet.complementOf(EnumSet.of(REQUESTED)));
    LEGAL.put(REJECTED, EnumSet.noneOf(FlowStatus.class));
    LEGAL.put(QUEUED, with(environments, RUNNING, TRAINED, EVALUATED, FAILED));
    LEGAL.put(RUNNING, with(environments, TRAINED, EVALUATED, FAILED));
    LEGAL.put(TRAINED, with(environments, EVALUATED, FAILED));
    LEGAL.put(EVALUATED, environments);
    LEGAL.put(FAILED, environments);
    for (FlowStatus status : environments) {
      Set<FlowStatus> others = EnumSet.copyOf(environments);
      others.remove(status);
      LEGAL.put(status, others);
    }
  }

  private static Set<FlowStatus> with(Set<FlowStatus> some, FlowStatus... more) {
    Set<FlowStatus> all = EnumSet.copyOf(some);
    all.addAll(Arrays.asList(more));
    return all;
  }

  @Test
  void knowsEveryEdge() {
    for (FlowStatus from : FlowStatus.values()) {
      for (FlowStatus to : FlowStatus.values()) {
        assertThat(from.canMoveTo(to))
            .as("%s to %s", from, to)
            .isEqualTo(LEGAL.get(from).contains(to));
      }
    }
  }

  @Test
  void passesOverIllegalSteps() {
    assertThat(FlowStatus.of(List.of(QUEUED, TRAINED, RUNNING, QUEUED))).isEqualTo(TRAINED);
    assertThat(FlowStatus.of(List.of(REJECTED, QUEUED))).isEqualTo(REJECTED);
    assertThat(FlowStatus.of(List.of())).isEqualTo(REQUESTED);
  }

  @Test
  void namesOnlyEventsThatExist() {
    Set<String> existing =
        Topics.all().stream()
            .map(Topic::schemas)
            .flatMap(List::stream)
            .map(Schema::getName)
            .collect(Collectors.toSet());

    assertThat(existing).containsAll(FlowStatus.events());
  }

  @Test
  void failsWithADeadLetterOfTheEvaluationOnly() {
    assertThat(FlowStatus.after(FlowLog.DEAD_LETTERED, "millrace.evaluation-jobs"))
        .contains(FlowStatus.FAILED);
    assertThat(FlowStatus.after(FlowLog.DEAD_LETTERED, "millrace.runs")).isEmpty();
    assertThat(FlowStatus.after("ModelEvaluated", "millrace.evaluations"))
        .contains(FlowStatus.EVALUATED);
  }
}
