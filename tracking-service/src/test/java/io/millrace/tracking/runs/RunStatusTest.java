package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class RunStatusTest {

  @Test
  void tellsWhichStepsEndARun() {
    EnumSet<RunStatus> ends = EnumSet.of(RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED);

    for (RunStatus from : RunStatus.values()) {
      assertThat(from.ended()).isEqualTo(ends.contains(from));
      for (RunStatus to : RunStatus.values()) {
        assertThat(from.endsWith(to))
            .as("%s to %s", from, to)
            .isEqualTo(from != to && ends.contains(to));
      }
    }
  }

  @Test
  void hasMlflowsNumbers() {
    assertThat(RunStatus.values())
        .containsExactly(
            RunStatus.RUNNING,
            RunStatus.SCHEDULED,
            RunStatus.FINISHED,
            RunStatus.FAILED,
            RunStatus.KILLED);
  }
}
