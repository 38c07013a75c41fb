package io.millrace.inference;

import io.millrace.datasets.Column;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Profile;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The real table and two real models of it, as packages with golden outputs. */
public final class BreastCancer {

  public static final String FOREST = "breast_cancer_rf50";
  public static final String REGRESSION = "breast_cancer_logreg";

  private static final Table TABLE = Csv.read(resource("breast_cancer.csv"));

  private BreastCancer() {}

  /** Names of the 30 columns. */
  public static List<String> columns() {
    return features().stream().map(Column::name).toList();
  }

  /** A row of the table. */
  public static List<Double> row(int number) {
    List<Double> row = new ArrayList<>();
    for (int c = 0; c < columns().size(); c++) {
      row.add(TABLE.value(c, number));
    }
    return row;
  }

  public static int rows() {
    return TABLE.rows();
  }

  /** Row number to probability of class 1. */
  public static Map<Integer, Double> golden(String model) throws IOException {
    Map<Integer, Double> golden = new LinkedHashMap<>();
    for (String line :
        Files.readAllLines(resource(model + ".golden_output.csv")).stream().skip(1).toList()) {
      String[] fields = line.split(",");
      golden.put(Integer.valueOf(fields[0]), Double.valueOf(fields[2]));
    }
    return golden;
  }

  /** Writes a package of a model. */
  public static ModelPackage write(Path directory, String model) throws IOException {
    return write(directory, model, "run-" + model);
  }

  /** Writes a package of a model as the result of that run. */
  public static ModelPackage write(Path directory, String model, String run) throws IOException {
    Profile profile =
        Profile.of(TABLE, features(), "target", IntStream.range(0, TABLE.rows()).toArray());
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            Manifest.VERSION,
            Instant.parse("2026-11-21T00:00:00Z"),
            "test",
            run,
            "request-" + model,
            "breast-cancer",
            "test/" + model,
            Map.of(),
            42,
            new Manifest.Dataset("breast-cancer", "1", null, "target", TABLE.rows(), Split.DEFAULT),
            Task.CLASSIFICATION,
            List.of("0", "1"),
            features().stream().map(Feature::of).toList(),
            null,
            Map.of(),
            List.of());
    return ModelPackage.write(
        directory,
        manifest,
        Files.readAllBytes(resource(model + ".onnx")),
        profile,
        new ModelPackage.InputExample(columns(), List.of()));
  }

  private static List<Column> features() {
    return TABLE.schema().features("target");
  }

  private static Path resource(String name) {
    try {
      URL found = BreastCancer.class.getResource("/breast-cancer/" + name);
      return Path.of(java.util.Objects.requireNonNull(found, name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
