package io.millrace.evaluation.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MetricsTest {
  /**
   * Six rows by hand: truth 0 0 0 1 1 1, probability of class 1: .1 .4 .8 .35 .8 .9. At one half,
   * rows 3 (of class 0) and 4 (of class 1) are wrong: TP 2, FP 1, FN 1, TN 2.
   */
  private static final HeldOutClasses BINARY =
      binary(new int[] {0, 0, 0, 1, 1, 1}, .1, .4, .8, .35, .8, .9);

  @Test
  void countsBinaryPredictionsOfTheSecondClass() {
    assertThat(value(BINARY, Metric.ACCURACY)).isCloseTo(4 / 6.0, within(1e-12));
    assertThat(value(BINARY, Metric.BALANCED_ACCURACY)).isCloseTo(4 / 6.0, within(1e-12));
    assertThat(value(BINARY, Metric.PRECISION)).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(value(BINARY, Metric.RECALL)).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(value(BINARY, Metric.F1)).isCloseTo(2 / 3.0, within(1e-12));
  }

  @Test
  void countsTiesInTheRankingAsHalf() {
    // Of the 9 pairs: .35 beats .1; .8 beats .1 and .4 and ties .8; .9 beats all three.
    assertThat(value(BINARY, Metric.ROC_AUC)).isCloseTo((1 + 2.5 + 3) / 9, within(1e-12));
  }

  @Test
  void takesTheMeanOfLogLossesAndSquaredErrors() {
    double loss =
        -(Math.log(.9) + Math.log(.6) + Math.log(.2) + Math.log(.35) + Math.log(.8) + Math.log(.9))
            / 6;
    double brier = (.01 + .16 + .64 + .65 * .65 + .04 + .01) / 6;

    assertThat(value(BINARY, Metric.LOG_LOSS)).isCloseTo(loss, within(1e-12));
    assertThat(value(BINARY, Metric.BRIER)).isCloseTo(brier, within(1e-12));
  }

  @Test
  void averagesClassesWithEqualWeight() {
    // Truth 0 0 1 2, predicted 0 1 1 1.
    HeldOutClasses three =
        new HeldOutClasses(
            new int[] {0, 0, 1, 2},
            new double[][] {{.8, .1, .1}, {.2, .6, .2}, {.1, .8, .1}, {.1, .5, .4}});

    assertThat(value(three, Metric.ACCURACY)).isCloseTo(.5, within(1e-12));
    assertThat(value(three, Metric.BALANCED_ACCURACY)).isCloseTo((.5 + 1 + 0) / 3, within(1e-12));
    assertThat(value(three, Metric.PRECISION)).isCloseTo((1 + 1 / 3.0 + 0) / 3, within(1e-12));
    assertThat(value(three, Metric.RECALL)).isCloseTo((.5 + 1 + 0) / 3, within(1e-12));
    assertThat(value(three, Metric.F1)).isCloseTo((2 / 3.0 + .5 + 0) / 3, within(1e-12));
    // Class 0: {.8, .2} over {.1, .1}; class 1: .8 over {.1, .6, .5}; class 2: .4 over {.1, .2,
    // .1}.
    assertThat(value(three, Metric.ROC_AUC)).isCloseTo(1, within(1e-12));
    double brier =
        ((.04 + .01 + .01) + (.64 + .36 + .04) + (.01 + .04 + .01) + (.01 + .25 + .36)) / 4;
    assertThat(value(three, Metric.BRIER)).isCloseTo(brier, within(1e-12));
  }

  @Test
  void givesZeroWhereNothingWasPredictedAsPositive() {
    HeldOutClasses timid = binary(new int[] {0, 1}, .1, .2);

    assertThat(value(timid, Metric.PRECISION)).isZero();
    assertThat(value(timid, Metric.F1)).isZero();
  }

  @Test
  void hasNoAreaWhereAClassHasNoRows() {
    assertThat(value(binary(new int[] {1, 1}, .1, .2), Metric.ROC_AUC)).isNaN();
  }

  @Test
  void keepsTheLogLossOfACertainMistakeFinite() {
    assertThat(value(binary(new int[] {0, 1}, 1, 1), Metric.LOG_LOSS))
        .isCloseTo(-Math.log(Math.ulp(1.0)) / 2, within(1e-9));
  }

  @Test
  void measuresQuantities() {
    HeldOutQuantities rows =
        new HeldOutQuantities(new double[] {3, -0.5, 2, 7}, new double[] {2.5, 0, 2, 8});

    assertThat(rows.measure())
        .containsExactly(new double[] {Math.sqrt(1.5 / 4), .5, 1 - 1.5 / 29.1875}, within(1e-12));
    assertThat(
            new HeldOutQuantities(new double[] {2, 2}, new double[] {1, 2})
                .measure()[Metric.of(io.millrace.datasets.Task.REGRESSION).indexOf(Metric.R2)])
        .isNaN();
  }

  @Test
  void treatsAWeightAsThatManyCopiesOfTheRow() {
    SplittableRandom random = new SplittableRandom(7);
    int n = 60;
    int[] truth = random.ints(n, 0, 3).toArray();
    double[][] p = new double[n][];
    for (int row = 0; row < n; row++) {
      // Few distinct values, so that there are ties.
      p[row] = new double[] {1 + random.nextInt(4), 1 + random.nextInt(4), 1 + random.nextInt(4)};
    }
    int[] weights = random.ints(n, 0, 4).toArray();
    int[] copied = new int[Arrays.stream(weights).sum()];
    double[][] copies = new double[copied.length][];
    for (int row = 0, at = 0; row < n; row++) {
      for (int copy = 0; copy < weights[row]; copy++, at++) {
        copied[at] = truth[row];
        copies[at] = p[row];
      }
    }

    assertThat(new HeldOutClasses(truth, p).measure(weights))
        .containsExactly(new HeldOutClasses(copied, copies).measure(), within(1e-12));
  }

  /**
   * The scores of scikit-learn's logistic regression on the breast cancer data, 114 test rows. The
   * probabilities are those of the exact optimum, before which its solver stops a little early:
   * what depends on their order agrees to the last digit, log loss and Brier score to 2e-4.
   */
  @Test
  void agreesWithTheReferenceOfTwoClasses() throws IOException {
    HeldOutClasses rows = reference("logreg_breast_cancer.csv", 2);

    assertThat(rows.rows()).isEqualTo(114);
    assertThat(value(rows, Metric.ACCURACY)).isCloseTo(0.9824561403508771, within(1e-12));
    assertThat(value(rows, Metric.LOG_LOSS)).isCloseTo(0.07769016917213999, within(2e-4));
    assertThat(value(rows, Metric.ROC_AUC)).isCloseTo(0.9957010582010581, within(1e-12));
    assertThat(value(rows, Metric.BRIER)).isCloseTo(0.02251653789673228, within(2e-4));
    // Of these probabilities, computed by the definitions in another language.
    assertThat(value(rows, Metric.LOG_LOSS)).isCloseTo(0.07782514915337395, within(1e-12));
    assertThat(value(rows, Metric.BRIER)).isCloseTo(0.02259239858097608, within(1e-12));
  }

  /** The same on the iris data, 30 test rows. */
  @Test
  void agreesWithTheReferenceOfThreeClasses() throws IOException {
    HeldOutClasses rows = reference("logreg_iris.csv", 3);

    assertThat(rows.rows()).isEqualTo(30);
    assertThat(value(rows, Metric.ACCURACY)).isCloseTo(0.9666666666666667, within(1e-12));
    assertThat(value(rows, Metric.F1)).isCloseTo(0.9665831244778613, within(1e-12));
    assertThat(value(rows, Metric.LOG_LOSS)).isCloseTo(0.13945836620476948, within(2e-4));
    assertThat(value(rows, Metric.ROC_AUC)).isCloseTo(1.0, within(1e-12));
    assertThat(value(rows, Metric.LOG_LOSS)).isCloseTo(0.13935075161474286, within(1e-12));
    assertThat(value(rows, Metric.BRIER)).isCloseTo(0.0560925001653096, within(1e-12));
  }

  @Test
  void refusesWhatAreNoProbabilities() {
    assertThatThrownBy(() -> binary(new int[] {0}, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 0");
  }

  static HeldOutClasses binary(int[] truth, double... positive) {
    return new HeldOutClasses(
        truth,
        Arrays.stream(positive).mapToObj(p -> new double[] {1 - p, p}).toArray(double[][]::new));
  }

  static double value(HeldOut rows, Metric metric) {
    return rows.measure()[rows.metrics().indexOf(metric)];
  }

  private static HeldOutClasses reference(String file, int classes) throws IOException {
    try (InputStream in =
            Objects.requireNonNull(MetricsTest.class.getResourceAsStream("/reference/" + file));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String[]> lines = reader.lines().skip(1).map(line -> line.split(",")).toList();
      return new HeldOutClasses(
          lines.stream().mapToInt(line -> Integer.parseInt(line[classes + 1])).toArray(),
          lines.stream()
              .map(
                  line ->
                      Arrays.stream(line, 0, classes).mapToDouble(Double::parseDouble).toArray())
              .toArray(double[][]::new));
    }
  }
}
