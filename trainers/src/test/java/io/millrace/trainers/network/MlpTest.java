package io.millrace.trainers.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.datasets.Table;
import io.millrace.trainers.Data;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Params;
import io.millrace.trainers.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MlpTest {

  /**
   * Mean and standard deviation over ten random 80/20 splits of scikit-learn's logistic regression.
   */
  @ParameterizedTest
  @CsvSource({"breast,0.9816,0.0105", "iris,0.9567,0.0387", "wine,0.9833,0.0143"})
  void isAsAccurateAsReference(String name, double mean, double deviation) {
    double sum = 0;
    for (int seed = 0; seed < 3; seed++) {
      Examples examples =
          switch (name) {
            case "breast" -> Data.examples(Data.BREAST_CANCER, "diagnosis", seed);
            case "iris" -> Data.examples(Data.IRIS, "target", seed);
            default -> Data.examples(Data.WINE, "target", seed);
          };
      TrainedModel model = train(examples, Map.of("epochs", 60, "learning-rate", 0.005), seed);
      assertThat(Data.parity(model, examples)).isLessThan(1e-5);
      double accuracy = Data.quality(model, examples).get("accuracy");
      assertThat(Data.labelAccuracy(model, examples)).isEqualTo(accuracy);
      sum += accuracy;
    }
    assertThat(sum / 3).isGreaterThan(mean - 2 * deviation);
  }

  @Test
  void explainsQuantities() {
    Examples examples = Data.examples(Data.DIABETES, "target", 2);
    TrainedModel model = train(examples, Map.of("epochs", 60, "hidden", "16"), 2);
    assertThat(Data.parity(model, examples)).isLessThan(1e-5);
    assertThat(Data.quality(model, examples).get("r2")).isGreaterThan(0.3);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void servesCategoriesAndMissingValuesAsItLearntThem(boolean regression) {
    Table table = Data.mixed(regression);
    Examples examples = Data.examples(table, "y", 1);
    TrainedModel model = train(examples, Map.of("epochs", 30, "learning-rate", 0.01), 5);

    assertThat(Data.parity(model, examples)).isLessThan(1e-5);
    assertThat(Data.quality(model, examples).get(regression ? "r2" : "accuracy"))
        .isGreaterThan(regression ? 0.6 : 0.75);
  }

  @Test
  void sameSeedGivesSameModelAndOtherSeedAnother() {
    Examples examples = Data.examples(Data.IRIS, "target", 1);
    byte[] first = train(examples, Map.of("epochs", 3), 11).onnx();
    assertThat(train(examples, Map.of("epochs", 3), 11).onnx()).isEqualTo(first);
    assertThat(train(examples, Map.of("epochs", 3), 12).onnx()).isNotEqualTo(first);
  }

  @Test
  void stopsWhenPatienceIsOverAndKeepsBestEpoch() {
    Examples examples = Data.examples(Data.BREAST_CANCER, "diagnosis", 1);
    List<Double> losses = new ArrayList<>();
    TrainedModel model =
        new MlpAlgorithm(
                new Params("dl4j/mlp", Map.of("epochs", 500, "patience", 4, "learning-rate", 0.02)))
            .train(
                examples,
                1,
                (unit, step, of, metrics) -> {
                  assertThat(unit).isEqualTo("epoch");
                  assertThat(metrics)
                      .containsKeys("train.loss", "validation.log_loss", "validation.accuracy");
                  losses.add(metrics.get("validation.log_loss"));
                });
    assertThat(losses).hasSizeLessThan(200);
    double best = losses.stream().mapToDouble(l -> l).min().orElseThrow();
    assertThat(losses.indexOf(best)).isEqualTo(losses.size() - 5);
    assertThat(Data.quality(model, examples).get("log_loss"))
        .isCloseTo(best, org.assertj.core.api.Assertions.within(1e-6));
  }

  @Test
  void refusesWrongParameters() {
    assertThatThrownBy(
            () ->
                new MlpAlgorithm(
                    new Params(
                        "dl4j/mlp", Map.of("hidden", "[64, x]", "learningrate", 0.1, "l2", -1))))
        .hasMessageContaining("'hidden' must be 1 to 8 whole numbers from 1 to 4096, not [64, x]")
        .hasMessageContaining("'l2' must be at least 0.0 and at most 1.0, not -1")
        .hasMessageContaining("unknown parameter 'learningrate', did you mean 'learning-rate'?");
  }

  private static TrainedModel train(Examples examples, Map<String, Object> params, long seed) {
    return new MlpAlgorithm(new Params("dl4j/mlp", params)).train(examples, seed, Data::silent);
  }
}
