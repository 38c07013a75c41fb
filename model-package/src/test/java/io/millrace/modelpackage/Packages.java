package io.millrace.modelpackage;

import io.millrace.datasets.Column;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Profile;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Packages around a small real model: a logistic regression on the breast cancer sample. */
final class Packages {
  static final Path ONNX = Path.of("src/test/resources/logistic-regression.onnx");
  static final Table TABLE = Csv.read(Path.of("../samples/breast-cancer.csv"));

  private Packages() {}

  /** The model was trained with 0 for malignant and 1 for benign. */
  static Signature signature() {
    return new Signature(
        Task.CLASSIFICATION,
        TABLE.schema().features("diagnosis").stream().map(Feature::of).toList(),
        List.of("malignant", "benign"));
  }

  static Manifest manifest() {
    Signature signature = signature();
    return new Manifest(
        Manifest.FORMAT,
        Manifest.VERSION,
        Instant.parse("2026-11-21T08:00:00.123456Z"),
        "0.1.0",
        "4f2c9a",
        "request-1",
        "breast-cancer",
        "test/logistic-regression",
        Map.of("l2", 1.0),
        42,
        new Manifest.Dataset("breast-cancer", "1", "abc", "diagnosis", 569, Split.DEFAULT),
        signature.task(),
        signature.classes(),
        signature.features(),
        new Manifest.Parity(3e-7, 86, 1e-4),
        Map.of("validation.accuracy", 0.98),
        List.of());
  }

  static ModelPackage write(Path directory) throws IOException {
    int[] rows = IntStream.range(0, TABLE.rows()).toArray();
    List<Column> features = TABLE.schema().features("diagnosis");
    return ModelPackage.write(
        directory,
        manifest(),
        Files.readAllBytes(ONNX),
        Profile.of(TABLE, features, "diagnosis", rows),
        new ModelPackage.InputExample(
            signature().names(),
            List.of(
                Arrays.asList(
                    IntStream.range(0, 30).mapToObj(i -> (Object) (double) i).toArray()))));
  }
}
