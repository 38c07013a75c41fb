package io.millrace.trainers;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.OnnxRuntime;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.Scores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Datasets of the tests, and what is true of every trained model. */
public final class Data {
  public static final Table BREAST_CANCER = Csv.read(Path.of("../samples/breast-cancer.csv"));
  public static final Table IRIS = Csv.read(Path.of("src/test/resources/iris.csv"));
  public static final Table WINE = Csv.read(Path.of("src/test/resources/wine.csv"));
  public static final Table DIABETES = Csv.read(Path.of("src/test/resources/diabetes_raw.csv"));

  private Data() {}

  /** Progress nobody listens to. */
  public static void silent(String unit, int step, int of, Map<String, Double> metrics) {}

  public static Examples examples(Table table, String target, long splitSeed) {
    return Examples.of(
        table, target, new Split(0.8, 0.2, 0, true, splitSeed).assign(table, target));
  }

  /** Numbers, categories, booleans and a constant, with missing values in each. */
  public static Table mixed(boolean regression) {
    Random random = new Random(3);
    String[] colours = {"red", "green", "blue", "yellow"};
    StringBuilder text = new StringBuilder("x,colour,flag,constant,y\n");
    for (int i = 0; i < 400; i++) {
      double x = random.nextGaussian();
      int colour = random.nextInt(4);
      boolean flag = random.nextBoolean();
      double y = x + (colour == 2 ? 2 : 0) - (flag ? 1 : 0) + random.nextGaussian() * 0.2;
      text.append(random.nextInt(10) == 0 ? "" : Double.toString(x)).append(',');
      text.append(random.nextInt(10) == 0 ? "" : colours[colour]).append(',');
      text.append(random.nextInt(10) == 0 ? "" : Boolean.toString(flag)).append(",7,");
      text.append(regression ? Double.toString(y) : y > 0 ? "yes" : "no").append('\n');
    }
    try {
      Path file = Files.createTempFile("mixed", ".csv");
      Files.writeString(file, text);
      Table table = Csv.read(file);
      Files.delete(file);
      return table;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The largest difference between library and ONNX Runtime; relative to values above 1 for
   * regression.
   */
  public static double parity(TrainedModel model, Examples examples) {
    Examples.Rows rows = examples.validation();
    double[] own = model.predict(rows.features(), rows.count());
    double[] served = served(model, examples);
    assertThat(served).hasSameSizeAs(own);
    return IntStream.range(0, own.length)
        .mapToDouble(i -> Math.abs(own[i] - served[i]) / Math.max(1, Math.abs(own[i])))
        .max()
        .orElseThrow();
  }

  /** The validation metrics of the ONNX graph. */
  public static Map<String, Double> quality(TrainedModel model, Examples examples) {
    Map<String, Double> metrics = new HashMap<>();
    ValidationMetrics.ofModel(
            examples.signature(), served(model, examples), examples.validation().targets())
        .forEach((name, value) -> metrics.put(name.substring("validation.".length()), value));
    return metrics;
  }

  /** How often the graph's own output {@code label} is the true label. */
  public static double labelAccuracy(TrainedModel model, Examples examples) {
    Examples.Rows rows = examples.validation();
    var environment = OnnxRuntime.environment();
    long[] shape = {rows.count(), examples.signature().width()};
    try (OrtSession session = environment.createSession(model.onnx());
        OnnxTensor input =
            OnnxTensor.createTensor(environment, FloatBuffer.wrap(rows.features()), shape);
        OrtSession.Result result = session.run(Map.of("features", input), Set.of("label"))) {
      Object labels = result.get(0).getValue();
      int right = 0;
      for (int i = 0; i < rows.count(); i++) {
        String truth = examples.signature().classes().get((int) rows.targets()[i]);
        right += String.valueOf(Array.get(labels, i)).equals(truth) ? 1 : 0;
      }
      return (double) right / rows.count();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double[] served(TrainedModel model, Examples examples) {
    Examples.Rows rows = examples.validation();
    try {
      Path file = Files.write(Files.createTempFile("model", ".onnx"), model.onnx());
      try (OnnxScorer scorer = OnnxScorer.open(file, examples.signature())) {
        Scores scores = scorer.score(rows.features(), rows.count());
        int columns = scores.task() == Task.REGRESSION ? 1 : scores.classes().size();
        return IntStream.range(0, rows.count() * columns)
            .mapToDouble(
                i ->
                    scores.task() == Task.REGRESSION
                        ? scores.value(i)
                        : scores.probability(i / columns, i % columns))
            .toArray();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
