package io.millrace.trainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.datasets.Task;
import io.millrace.modelpackage.Signature;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ValidationMetricsTest {
  private final Signature two = new Signature(Task.CLASSIFICATION, List.of(), List.of("a", "b"));
  private final Signature three =
      new Signature(Task.CLASSIFICATION, List.of(), List.of("a", "b", "c"));
  private final Signature number = new Signature(Task.REGRESSION, List.of(), List.of());

  @Test
  void binaryMetricsAreTheKnownOnes() {
    double[] p = {.9, .1, .6, .4, .65, .35, .2, .8};
    Map<String, Double> metrics = ValidationMetrics.ofModel(two, p, new double[] {0, 0, 1, 1});

    assertThat(metrics.get("validation.accuracy")).isEqualTo(0.75);
    assertThat(metrics.get("validation.roc_auc")).isEqualTo(0.75);
    assertThat(metrics.get("validation.log_loss"))
        .isCloseTo(
            -(Math.log(.9) + Math.log(.6) + Math.log(.35) + Math.log(.8)) / 4, within(1e-12));
  }

  @Test
  void tiedScoresCountHalf() {
    double[] p = {.5, .5, .5, .5, .5, .5};
    assertThat(ValidationMetrics.ofModel(two, p, new double[] {0, 1, 1}).get("validation.roc_auc"))
        .isEqualTo(0.5);
  }

  @Test
  void aucIsLeftOutWhereOneClassIsAlone() {
    assertThat(ValidationMetrics.ofModel(two, new double[] {.5, .5}, new double[] {1}))
        .doesNotContainKey("validation.roc_auc");
  }

  @Test
  void manyClassesAverageOneAgainstRest() {
    double[] p = {.8, .1, .1, .1, .8, .1, .1, .1, .8, .4, .3, .3};
    assertThat(
            ValidationMetrics.ofModel(three, p, new double[] {0, 1, 2, 1})
                .get("validation.roc_auc"))
        .isCloseTo((1 + 1 + 1) / 3.0, within(1e-12));
    assertThat(
            ValidationMetrics.ofModel(three, p, new double[] {0, 1, 2, 1})
                .get("validation.accuracy"))
        .isEqualTo(0.75);
  }

  @Test
  void probabilityZeroOfTruthIsExpensiveButFinite() {
    assertThat(
            ValidationMetrics.ofModel(two, new double[] {1, 0}, new double[] {1})
                .get("validation.log_loss"))
        .isCloseTo(36.0437, within(0.0001));
  }

  @Test
  void regressionMetricsAreTheKnownOnes() {
    Map<String, Double> metrics =
        ValidationMetrics.ofModel(number, new double[] {1, 2, 5}, new double[] {1, 3, 3});
    assertThat(metrics.get("validation.rmse")).isCloseTo(Math.sqrt(5 / 3.0), within(1e-12));
    assertThat(metrics.get("validation.mae")).isCloseTo(1, within(1e-12));
    assertThat(metrics.get("validation.r2")).isCloseTo(1 - 5 / (8 / 3.0), within(1e-12));
  }

  @Test
  void stepsOfTheTrainingHaveFewerMetrics() {
    assertThat(ValidationMetrics.ofStep(two, new double[] {.9, .1}, new double[] {0}))
        .containsOnlyKeys("validation.accuracy", "validation.log_loss");
    assertThat(ValidationMetrics.ofStep(number, new double[] {1, 2}, new double[] {1, 3}))
        .containsOnlyKeys("validation.rmse");
  }

  @Test
  void divergedModelHasNoMetrics() {
    double[] diverged = {.9, .1, Double.NaN, Double.NaN};

    assertThat(ValidationMetrics.ofStep(two, diverged, new double[] {0, 1})).isEmpty();
    assertThat(ValidationMetrics.ofModel(number, new double[] {Double.NaN}, new double[] {1}))
        .isEmpty();
  }
}
