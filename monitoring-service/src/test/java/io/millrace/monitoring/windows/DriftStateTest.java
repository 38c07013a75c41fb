package io.millrace.monitoring.windows;

import static io.millrace.monitoring.windows.Comparison.Verdict.DRIFTED;
import static io.millrace.monitoring.windows.Comparison.Verdict.NOT_ENOUGH_DATA;
import static io.millrace.monitoring.windows.Comparison.Verdict.OK;
import static io.millrace.monitoring.windows.DriftState.Turn.DETECTED;
import static io.millrace.monitoring.windows.DriftState.Turn.NONE;
import static io.millrace.monitoring.windows.DriftState.Turn.RESOLVED;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DriftStateTest {

  private static List<DriftState.Turn> run(
      DriftState start, int toDetect, int toResolve, Comparison.Verdict... verdicts) {
    List<DriftState.Turn> turns = new ArrayList<>();
    DriftState state = start;
    for (Comparison.Verdict verdict : verdicts) {
      DriftState.Step step = state.after(verdict, toDetect, toResolve);
      turns.add(step.turn());
      state = step.state();
    }
    return turns;
  }

  private static final DriftState FRESH = new DriftState(false, 0, false);

  @Test
  void tellsOnceWhenItBeginsAndOnceWhenItEnds() {
    assertThat(run(FRESH, 1, 1, OK, DRIFTED, DRIFTED, NOT_ENOUGH_DATA, OK, OK, DRIFTED))
        .containsExactly(NONE, DETECTED, NONE, NONE, RESOLVED, NONE, DETECTED);
  }

  @Test
  void waitsForAsManyWindowsInARowAsItIsTold() {
    assertThat(run(FRESH, 2, 3, DRIFTED, OK, DRIFTED, NOT_ENOUGH_DATA, DRIFTED))
        .containsExactly(NONE, NONE, NONE, NONE, DETECTED);
    assertThat(run(new DriftState(true, 0, true), 2, 3, OK, OK, DRIFTED, OK, OK, OK))
        .containsExactly(NONE, NONE, NONE, NONE, NONE, RESOLVED);
  }

  @Test
  void aNewVersionResolvesTheAlertOfItsPredecessorOrRaisesItsOwn() {
    DriftState takenOver = new DriftState(false, 0, true);
    assertThat(run(takenOver, 1, 1, OK, OK)).containsExactly(RESOLVED, NONE);
    assertThat(run(takenOver, 1, 1, DRIFTED, OK)).containsExactly(DETECTED, RESOLVED);
  }
}
