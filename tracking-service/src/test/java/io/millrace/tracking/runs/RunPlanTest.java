package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.runs.RunPlan.Clause;
import io.millrace.tracking.runs.RunPlan.Known;
import io.millrace.tracking.runs.RunPlan.Way;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A page of 100 runs, and what leads to it. */
class RunPlanTest {

  private static final int NEED = 101;

  private static Way way(double all, double... shares) {
    List<Clause> clauses =
        Arrays.stream(shares).mapToObj(share -> new Clause(share * all, share)).toList();
    return RunPlan.choose(new Known(NEED, all, clauses, 1, 0), RunPlan.Weights.USUAL);
  }

  @Test
  void followsTheOrderWhereMostRunsPass() {
    assertThat(way(100_000, 0.9, 0.7)).isEqualTo(new Way.Along(List.of(), NEED / 0.63));
    assertThat(way(1_000_000, 0.5, 0.1)).isEqualTo(new Way.Along(List.of(), NEED / 0.05));
  }

  @Test
  void readsTheRarerClauseFirstWhereFewerPass() {
    assertThat(way(100_000, 0.6, 0.03))
        .isInstanceOfSatisfying(
            Way.Along.class, along -> assertThat(along.gathered()).containsExactly(1));
  }

  @Test
  void readsBothWhereTheOrderNamesThousandsInVain() {
    assertThat(way(100_000, 0.1, 0.1))
        .isInstanceOfSatisfying(
            Way.Along.class, along -> assertThat(along.gathered()).containsExactly(0, 1));
  }

  @Test
  void sortsTheRunsOfARareClause() {
    assertThat(way(1_000_000, 0.7, 0.0005)).isEqualTo(new Way.Together(1, List.of()));
  }

  @Test
  void sortsWhatTwoClausesHaveInCommonWhereThatIsLittle() {
    assertThat(way(1_000_000, 0.02, 0.02)).isEqualTo(new Way.Together(0, List.of(1)));
  }

  @Test
  void followsTheOrderWhereItNamesTheRunsOfRareClausesFirst() {
    Known known =
        new Known(
            NEED, 1_000_000, List.of(new Clause(20_000, 0.99), new Clause(20_000, 0.99)), 1, 0);

    assertThat(RunPlan.choose(known, RunPlan.Weights.USUAL))
        .isEqualTo(new Way.Along(List.of(), NEED / (0.99 * 0.99)));
  }

  @Test
  void leavesItToThePlannerWhereNoClauseHasAnIndexAndHardlyARunPasses() {
    assertThat(
            RunPlan.choose(new Known(NEED, 100_000, List.of(), 0.0005, 1), RunPlan.Weights.USUAL))
        .isEqualTo(new Way.Planned());
    assertThat(RunPlan.choose(new Known(NEED, 100_000, List.of(), 0.1, 1), RunPlan.Weights.USUAL))
        .isEqualTo(new Way.Along(List.of(), NEED / 0.1));
  }
}
