package io.millrace.trainers.forest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.trainers.Data;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Params;
import io.millrace.trainers.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomForestTest {

  /**
   * Mean and standard deviation over ten random 80/20 splits of scikit-learn's forest of 100 trees.
   */
  @ParameterizedTest
  @CsvSource({"breast,0.9684,0.0111", "iris,0.9533,0.0391", "wine,0.9917,0.0134"})
  void isAsAccurateAsReference(String name, double mean, double deviation) {
    double sum = 0;
    for (int seed = 0; seed < 5; seed++) {
      Examples examples =
          switch (name) {
            case "breast" -> Data.examples(Data.BREAST_CANCER, "diagnosis", seed);
            case "iris" -> Data.examples(Data.IRIS, "target", seed);
            default -> Data.examples(Data.WINE, "target", seed);
          };
      TrainedModel model = train(examples, Map.of("trees", 100), seed);
      assertThat(Data.parity(model, examples)).isLessThan(1e-5);
      double accuracy = Data.quality(model, examples).get("accuracy");
      assertThat(Data.labelAccuracy(model, examples)).isEqualTo(accuracy);
      sum += accuracy;
    }
    assertThat(sum / 5).isBetween(mean - 2 * deviation, mean + 2 * deviation);
  }

  /** As above, r2 on the diabetes data: mean 0.394, standard deviation 0.089. */
  @Test
  void explainsAsMuchOfQuantityAsReference() {
    double sum = 0;
    for (int seed = 0; seed < 5; seed++) {
      Examples examples = Data.examples(Data.DIABETES, "target", seed);
      assertThat(examples.signature().task()).isEqualTo(Task.REGRESSION);
      TrainedModel model = train(examples, Map.of("trees", 100), seed);
      assertThat(Data.parity(model, examples)).isLessThan(1e-5);
      sum += Data.quality(model, examples).get("r2");
    }
    assertThat(sum / 5).isBetween(0.394 - 2 * 0.089, 0.394 + 2 * 0.089);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void servesCategoriesAndMissingValuesAsItLearntThem(boolean regression) {
    Table table = Data.mixed(regression);
    Examples examples = Data.examples(table, "y", 1);
    TrainedModel model = train(examples, Map.of("trees", 60), 5);

    assertThat(Data.parity(model, examples)).isLessThan(1e-5);
    assertThat(Data.quality(model, examples).get(regression ? "r2" : "accuracy"))
        .isGreaterThan(regression ? 0.6 : 0.75);
  }

  @Test
  void sameSeedGivesSameModelAndOtherSeedAnother() {
    Examples examples = Data.examples(Data.IRIS, "target", 1);
    byte[] first = train(examples, Map.of("trees", 30), 11).onnx();
    assertThat(train(examples, Map.of("trees", 30), 11).onnx()).isEqualTo(first);
    assertThat(train(examples, Map.of("trees", 30), 12).onnx()).isNotEqualTo(first);
  }

  @Test
  void reportsEveryTreeInOrder() {
    Examples examples = Data.examples(Data.IRIS, "target", 1);
    List<Integer> steps = new ArrayList<>();
    new RandomForestAlgorithm(new Params("t", Map.of("trees", 45)), Task.CLASSIFICATION)
        .train(
            examples,
            1,
            (unit, step, of, metrics) -> {
              assertThat(unit).isEqualTo("tree");
              assertThat(of).isEqualTo(45);
              assertThat(metrics).containsOnlyKeys("validation.accuracy", "validation.log_loss");
              steps.add(step);
            });
    assertThat(steps).hasSize(45).isSorted().startsWith(1).endsWith(45);
  }

  @Test
  void parametersAreUsed() {
    Examples examples = Data.examples(Data.BREAST_CANCER, "diagnosis", 1);
    int small = train(examples, Map.of("trees", 20, "max-depth", 2), 1).onnx().length;
    int large = train(examples, Map.of("trees", 20, "max-depth", 12), 1).onnx().length;
    int coarse = train(examples, Map.of("trees", 20, "min-node-size", 50), 1).onnx().length;
    assertThat(small).isLessThan(large);
    assertThat(coarse).isLessThan(large);
    assertThat(train(examples, Map.of("trees", 20, "max-features", 30, "subsample", 0.5), 1).onnx())
        .isNotEmpty();
  }

  @Test
  void refusesUnknownAndWrongParametersAllAtOnce() {
    assertThatThrownBy(
            () ->
                new RandomForestAlgorithm(
                    new Params("smile/random-forest", Map.of("tree", 3, "max-depth", 0)),
                    Task.CLASSIFICATION))
        .hasMessageContaining(
            "smile/random-forest: 'max-depth' must be a whole number from 1 to 100, not 0")
        .hasMessageContaining("unknown parameter 'tree', did you mean 'trees'?");
  }

  @Test
  void roundedThresholdsSendEveryFloatTheSameWay() {
    Random random = new Random(9);
    for (int i = 0; i < 200_000; i++) {
      float a = Float.intBitsToFloat(random.nextInt());
      if (!Float.isFinite(a)) {
        continue;
      }
      double threshold = i % 2 == 0 ? (a + (double) Math.nextUp(a)) / 2 : a + Math.ulp((double) a);
      float rounded = TreeTables.roundedDown(threshold);
      for (float x : new float[] {Math.nextDown(a), a, Math.nextUp(a)}) {
        assertThat(x <= rounded).isEqualTo(x <= threshold);
      }
    }
  }

  private static TrainedModel train(Examples examples, Map<String, Object> params, long seed) {
    return new RandomForestAlgorithm(
            new Params("smile/random-forest", params), examples.signature().task())
        .train(examples, seed, Data::silent);
  }
}
