package io.millrace.modelmetrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.datasets.Task;
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
  private static final ClassificationPredictions BINARY =
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
    ClassificationPredictions three =
        classes(
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
    ClassificationPredictions timid = binary(new int[] {0, 1}, .1, .2);

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
    RegressionPredictions rows =
        new RegressionPredictions(new double[] {3, -0.5, 2, 7}, new double[] {2.5, 0, 2, 8});

    assertThat(rows.measure())
        .containsExactly(new double[] {Math.sqrt(1.5 / 4), .5, 1 - 1.5 / 29.1875}, within(1e-12));
    assertThat(
            new RegressionPredictions(new double[] {2, 2}, new double[] {1, 2})
                .measure()[Metric.of(Task.REGRESSION).indexOf(Metric.R2)])
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

    assertThat(classes(truth, p).measure(weights))
        .containsExactly(classes(copied, copies).measure(), within(1e-12));
  }

  /** The values of scikit-learn 1.9.1, with ties, certain mistakes and a certain success. */
  @Test
  void agreesWithScikitLearnOnTwoClasses() {
    ClassificationPredictions rows =
        classes(
            new int[] {0, 0, 0, 1, 1, 1, 0, 1, 1},
            new double[][] {
              {1, 0}, {.6, .4}, {.2, .8}, {.65, .35}, {.2, .8}, {0, 1}, {.9, .1}, {1, 0}, {.1, .9}
            });

    assertThat(rows.measure())
        .containsExactly(
            new double[] {
              0.6666666666666666, // accuracy_score
              0.675, // balanced_accuracy_score
              0.75, // precision_score, pos_label 1
              0.6, // recall_score
              0.6666666666666666, // f1_score
              0.7000000000000001, // roc_auc_score
              4.405289292493976, // log_loss
              0.25361111111111106 // brier_score_loss
            },
            within(1e-12));
  }

  /** The same with three classes: average "macro", and one class against the rest for the area. */
  @Test
  void agreesWithScikitLearnOnThreeClasses() {
    ClassificationPredictions rows =
        classes(
            new int[] {0, 0, 1, 1, 2, 2, 0, 2, 1, 0},
            new double[][] {
              {.8, .1, .1},
              {.2, .6, .2},
              {.1, .8, .1},
              {.1, .5, .4},
              {0, 0, 1},
              {1, 0, 0},
              {.4, .4, .2},
              {.25, .25, .5},
              {.3, .3, .4},
              {.3, .6, .1}
            });

    assertThat(rows.measure())
        .containsExactly(
            new double[] {
              0.6,
              0.611111111111111,
              0.611111111111111,
              0.611111111111111,
              0.6031746031746031,
              0.7192460317460316,
              4.28099091058256,
              0.6115
            },
            within(1e-12));
  }

  /** .6 + .3 + .1 is less than 1 by the last bit, the other rows are 1. */
  @Test
  void countsEqualProbabilitiesAsTiesWhateverTheirRowsSumTo() {
    ClassificationPredictions rows =
        classes(new int[] {0, 1, 2}, new double[][] {{.6, .3, .1}, {.1, .3, .6}, {.2, .1, .7}});

    // Class 1: its .3 ties with .3 and wins over .1; classes 0 and 2 win all pairs.
    assertThat(value(rows, Metric.ROC_AUC)).isCloseTo((1 + .75 + 1) / 3, within(1e-12));
  }

  /** root_mean_squared_error, mean_absolute_error and r2_score of scikit-learn 1.9.1. */
  @Test
  void agreesWithScikitLearnOnQuantities() {
    assertThat(
            new RegressionPredictions(
                    new double[] {3.0, -0.5, 2.0, 7.0, 4.25},
                    new double[] {2.5, 0.0, 2.0, 8.0, 4.75})
                .measure())
        .containsExactly(new double[] {0.5916079783099616, 0.5, 0.9429967426710097}, within(1e-12));
  }

  @Test
  void refusesMetricsOfTheOtherTask() {
    RegressionPredictions quantities =
        new RegressionPredictions(new double[] {1}, new double[] {1});

    assertThatThrownBy(() -> BINARY.measure(Metric.RMSE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rmse");
    assertThatThrownBy(() -> quantities.measure(Metric.ACCURACY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("accuracy");
  }

  @Test
  void refusesRowsThatDoNotFitTogether() {
    assertThatThrownBy(
            () -> new ClassificationPredictions(new int[] {0}, new double[] {1, 0, 1}, 2))
        .hasMessageContaining("1 labels and 3 probabilities of 2 classes");
    assertThatThrownBy(() -> new ClassificationPredictions(new int[0], new double[0], 2))
        .hasMessageContaining("0 labels");
    assertThatThrownBy(() -> new ClassificationPredictions(new int[] {2}, new double[] {1, 0}, 2))
        .hasMessageContaining("row 0: there is no class 2");
    assertThatThrownBy(() -> new ClassificationPredictions(new int[] {0}, new double[] {1}, 1))
        .hasMessageContaining("at least 2 classes");
    assertThatThrownBy(() -> new RegressionPredictions(new double[] {1}, new double[] {1, 2}))
        .hasMessageContaining("1 true and 2 predicted values");
  }

  @Test
  void namesMetricsAsPipelinesAndReportsDo() {
    assertThat(Metric.keys())
        .containsExactly(
            "accuracy",
            "balanced_accuracy",
            "precision",
            "recall",
            "f1",
            "roc_auc",
            "log_loss",
            "brier",
            "rmse",
            "mae",
            "r2");
    assertThat(Metric.of("roc_auc")).contains(Metric.ROC_AUC);
    assertThat(Metric.of("auc")).isEmpty();
  }

  /**
   * The scores of scikit-learn's logistic regression on the breast cancer data, 114 test rows. The
   * probabilities are those of the exact optimum, before which its solver stops a little early:
   * what depends on their order agrees to the last digit, log loss and Brier score to 2e-4.
   */
  @Test
  void agreesWithTheReferenceOfTwoClasses() throws IOException {
    ClassificationPredictions rows = reference("logreg_breast_cancer.csv", 2);

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
    ClassificationPredictions rows = reference("logreg_iris.csv", 3);

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

  private static ClassificationPredictions binary(int[] truth, double... positive) {
    return classes(
        truth,
        Arrays.stream(positive).mapToObj(p -> new double[] {1 - p, p}).toArray(double[][]::new));
  }

  private static ClassificationPredictions classes(int[] truth, double[][] probabilities) {
    return new ClassificationPredictions(
        truth,
        Arrays.stream(probabilities).flatMapToDouble(Arrays::stream).toArray(),
        probabilities[0].length);
  }

  private static double value(LabelledPredictions rows, Metric metric) {
    double value = rows.measure()[rows.metrics().indexOf(metric)];
    assertThat(rows.measure(metric)).isEqualTo(Double.valueOf(value));
    return value;
  }

  private static ClassificationPredictions reference(String file, int classes) throws IOException {
    try (InputStream in =
            Objects.requireNonNull(MetricsTest.class.getResourceAsStream("/reference/" + file));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String[]> lines = reader.lines().skip(1).map(line -> line.split(",")).toList();
      return classes(
          lines.stream().mapToInt(line -> Integer.parseInt(line[classes + 1])).toArray(),
          lines.stream()
              .map(
                  line ->
                      Arrays.stream(line, 0, classes).mapToDouble(Double::parseDouble).toArray())
              .toArray(double[][]::new));
    }
  }
}
