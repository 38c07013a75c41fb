package io.millrace.evaluation.intervals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.modelmetrics.ClassificationPredictions;
import io.millrace.modelmetrics.LabelledPredictions;
import io.millrace.modelmetrics.Metric;
import io.millrace.modelmetrics.RegressionPredictions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  @Test
  void givesTheSameIntervalForTheSameSeed() {
    LabelledPredictions rows = scores(200, 1);
    Bootstrap bootstrap = new Bootstrap(200, 0.95, 42);

    assertThat(bootstrap.interval(bootstrap.resample(rows), Metric.ROC_AUC))
        .isEqualTo(bootstrap.interval(bootstrap.resample(rows), Metric.ROC_AUC))
        .isNotEqualTo(
            bootstrap.interval(new Bootstrap(200, 0.95, 43).resample(rows), Metric.ROC_AUC));
  }

  @Test
  void keepsTheNumberOfRowsOfEachClass() {
    // Two positive rows among a hundred: drawn freely, one in seven resamples would have none.
    int[] truth = new int[100];
    double[] positive = new double[100];
    for (int row = 0; row < 100; row++) {
      truth[row] = row < 2 ? 1 : 0;
      positive[row] = row / 100.0;
    }
    Bootstrap bootstrap = new Bootstrap(1000, 0.95, 1);
    var resampled = bootstrap.resample(binary(truth, positive));

    assertThat(bootstrap.interval(resampled, Metric.ROC_AUC)).isNotNull();
    assertThat(resampled.estimate(Metric.ROC_AUC)).isLessThan(0.02);
  }

  /**
   * The mean absolute error of exponential errors with mean 1: of 300 intervals at 90 % from 80
   * rows each, about 270 hold it. Percentile intervals of skewed data are a little short, so 255 to
   * 290.
   */
  @Test
  void coversTheTruthAboutAsOftenAsItSays() {
    SplittableRandom random = new SplittableRandom(2026);
    int covered = 0;
    for (int trial = 0; trial < 300; trial++) {
      double[] truth = new double[80];
      double[] predicted = new double[80];
      for (int row = 0; row < truth.length; row++) {
        predicted[row] = -Math.log(1 - random.nextDouble());
      }
      Bootstrap bootstrap = new Bootstrap(400, 0.90, trial);
      Bootstrap.Interval interval =
          bootstrap.interval(
              bootstrap.resample(new RegressionPredictions(truth, predicted)), Metric.MAE);
      covered += interval.lower() <= 1 && 1 <= interval.upper() ? 1 : 0;
    }

    assertThat(covered).isBetween(255, 290);
  }

  @Test
  void matchesTheTextbookErrorOfAProportion() {
    // 160 of 200 right: the standard error is sqrt(.8 * .2 / 200), and the interval +-1.96 of it.
    int[] truth = new int[200];
    double[] positive = new double[200];
    for (int row = 0; row < 200; row++) {
      truth[row] = row % 2;
      boolean wrong = row < 40;
      positive[row] = (truth[row] == 1) != wrong ? .9 : .1;
    }
    Bootstrap bootstrap = new Bootstrap(4000, 0.95, 3);
    Bootstrap.Interval interval =
        bootstrap.interval(bootstrap.resample(binary(truth, positive)), Metric.ACCURACY);
    double half = 1.96 * Math.sqrt(.8 * .2 / 200);

    assertThat(interval.lower()).isCloseTo(.8 - half, within(0.01));
    assertThat(interval.upper()).isCloseTo(.8 + half, within(0.01));
  }

  @Test
  void comparesModelsInPairs() {
    LabelledPredictions rows = scores(300, 5);
    Bootstrap bootstrap = new Bootstrap(200, 0.95, 9);

    assertThat(bootstrap.difference(bootstrap.resample(rows), bootstrap.resample(rows), Metric.F1))
        .isEqualTo(new Bootstrap.Interval(0, 0));
  }

  @Test
  void givesNoIntervalWhereTheMetricIsNotDefined() {
    Bootstrap bootstrap = new Bootstrap(100, 0.95, 1);
    var resampled = bootstrap.resample(binary(new int[] {1, 1, 1}, .2, .3, .9));

    assertThat(bootstrap.interval(resampled, Metric.ROC_AUC)).isNull();
    assertThat(bootstrap.interval(resampled, Metric.RMSE)).isNull();
    assertThat(bootstrap.interval(resampled, Metric.ACCURACY)).isNotNull();
  }

  @Test
  void interpolatesQuantiles() {
    assertThat(Bootstrap.quantile(new double[] {1, 2, 3, 4}, 0.5)).isEqualTo(2.5);
    assertThat(Bootstrap.quantile(new double[] {1, 2, 3, 4}, 0)).isEqualTo(1);
    assertThat(Bootstrap.quantile(new double[] {1, 2, 3, 4}, 1)).isEqualTo(4);
  }

  private static LabelledPredictions scores(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] truth = new int[n];
    double[] positive = new double[n];
    for (int row = 0; row < n; row++) {
      truth[row] = random.nextInt(2);
      positive[row] = Math.clamp(0.3 * truth[row] + 0.7 * random.nextDouble(), 0.0, 1.0);
    }
    return binary(truth, positive);
  }

  private static ClassificationPredictions binary(int[] truth, double... positive) {
    return new ClassificationPredictions(
        truth, Arrays.stream(positive).flatMap(p -> DoubleStream.of(1 - p, p)).toArray(), 2);
  }
}
