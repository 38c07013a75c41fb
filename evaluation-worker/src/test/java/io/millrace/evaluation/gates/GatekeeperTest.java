package io.millrace.evaluation.gates;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.evaluation.intervals.Bootstrap;
import io.millrace.evaluation.intervals.Bootstrap.Resampled;
import io.millrace.modelmetrics.ClassificationPredictions;
import io.millrace.modelmetrics.RegressionPredictions;
import io.millrace.pipeline.Gate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GatekeeperTest {
  private static final Bootstrap BOOTSTRAP = new Bootstrap(100, 0.95, 1);

  /** 8 of 10 right; of a model with 9 of 10 right. */
  private static final Resampled CANDIDATE = BOOTSTRAP.resample(right(8));

  private static final Champion CHAMPION = new Champion.Scored(3, BOOTSTRAP.resample(right(9)));
  private static final Champion NONE = new Champion.None();

  static Stream<Arguments> table() {
    return Stream.of(
        Arguments.of(new Gate.AtLeast("accuracy", 0.8), NONE, true, 0.8),
        Arguments.of(new Gate.AtLeast("accuracy", 0.81), NONE, false, 0.81),
        Arguments.of(new Gate.AtMost("log_loss", 10), NONE, true, 10.0),
        Arguments.of(new Gate.AtMost("log_loss", 0.1), NONE, false, 0.1),
        Arguments.of(new Gate.NotWorseThanChampion("accuracy", 0.2), CHAMPION, true, 0.7),
        Arguments.of(new Gate.NotWorseThanChampion("accuracy", 0.05), CHAMPION, false, 0.85),
        // For a loss, worse is higher: brier .17 against .09.
        Arguments.of(new Gate.NotWorseThanChampion("brier", 0.1), CHAMPION, true, 0.19),
        Arguments.of(new Gate.NotWorseThanChampion("brier", 0.05), CHAMPION, false, 0.14),
        Arguments.of(new Gate.NotWorseThanChampion("accuracy", 0), NONE, true, null),
        Arguments.of(
            new Gate.NotWorseThanChampion("accuracy", 0),
            new Champion.Unscorable(3, "column 'age' is missing"),
            false,
            null),
        Arguments.of(new Gate.AtLeast("auc", 0.5), NONE, false, null),
        Arguments.of(new Gate.AtLeast("r2", 0.5), NONE, false, null));
  }

  @ParameterizedTest
  @MethodSource("table")
  void decides(Gate gate, Champion champion, boolean passed, Double threshold) {
    GateDecision decision =
        new Gatekeeper(BOOTSTRAP, CANDIDATE, champion).decide(List.of(gate)).getFirst();

    assertThat(decision.passed()).as(decision.message()).isEqualTo(passed);
    if (threshold == null) {
      assertThat(decision.threshold()).isNull();
    } else {
      assertThat(decision.threshold())
          .isCloseTo(threshold, org.assertj.core.api.Assertions.within(1e-9));
    }
    assertThat(decision.condition()).isEqualTo(gate.condition());
  }

  @Test
  void saysWhyInNumbers() {
    assertThat(message(new Gate.AtLeast("accuracy", 0.95), NONE))
        .startsWith("accuracy is 0.8000 (")
        .endsWith("at least 0.9500 is needed.");
    assertThat(message(new Gate.NotWorseThanChampion("accuracy", 0.05), CHAMPION))
        .contains("the champion, version 3, has 0.9000 on the same rows")
        .contains("difference is -0.1000")
        .endsWith("worse by more than 0.05000.");
    assertThat(message(new Gate.NotWorseThanChampion("accuracy", 0.05), NONE))
        .contains("no champion to compare with");
    assertThat(message(new Gate.AtLeast("auc", 0.5), NONE)).contains("the metrics are accuracy,");
  }

  @Test
  void doesNotPassWhatIsNotDefined() {
    Resampled oneClass =
        BOOTSTRAP.resample(
            new ClassificationPredictions(new int[] {1, 1}, new double[] {.1, .9, .2, .8}, 2));
    GateDecision decision =
        new Gatekeeper(BOOTSTRAP, oneClass, NONE)
            .decide(List.of(new Gate.AtLeast("roc_auc", 0.5)))
            .getFirst();

    assertThat(decision.passed()).isFalse();
    assertThat(decision.value()).isNull();
    assertThat(decision.message()).contains("not defined");
  }

  @Test
  void passesOnlyWhereAllGatesDo() {
    Gatekeeper gatekeeper = new Gatekeeper(BOOTSTRAP, CANDIDATE, NONE);

    assertThat(
            Gatekeeper.passed(
                gatekeeper.decide(
                    List.of(new Gate.AtLeast("accuracy", 0.5), new Gate.AtLeast("f1", 0.99)))))
        .isFalse();
    assertThat(Gatekeeper.passed(gatekeeper.decide(List.of()))).isTrue();
  }

  @Test
  void judgesQuantities() {
    Resampled rows =
        BOOTSTRAP.resample(
            new RegressionPredictions(new double[] {1, 2, 3, 4}, new double[] {1, 2, 3, 5}));

    assertThat(
            Gatekeeper.passed(
                new Gatekeeper(BOOTSTRAP, rows, NONE)
                    .decide(List.of(new Gate.AtMost("rmse", 0.5), new Gate.AtLeast("r2", 0.79)))))
        .isTrue();
  }

  private static String message(Gate gate, Champion champion) {
    return new Gatekeeper(BOOTSTRAP, CANDIDATE, champion)
        .decide(List.of(gate))
        .getFirst()
        .message();
  }

  /** Ten rows, of which the first ones are recognised with probability .9, the others missed. */
  private static ClassificationPredictions right(int recognised) {
    int[] truth = new int[10];
    double[] p = new double[20];
    for (int row = 0; row < 10; row++) {
      truth[row] = row % 2;
      double ofTruth = row < recognised ? .9 : .1;
      p[2 * row + truth[row]] = ofTruth;
      p[2 * row + 1 - truth[row]] = 1 - ofTruth;
    }
    return new ClassificationPredictions(truth, p, 2);
  }
}
