package io.millrace.modelpackage;

import io.millrace.datasets.Split;
import io.millrace.datasets.Task;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a package says about itself: {@code manifest.json}.
 *
 * @param format always {@code millrace-model-package}
 * @param version of this form, 1
 * @param createdAt when the package was written
 * @param millraceVersion the program that wrote it
 * @param runId the MLflow run it came from
 * @param requestId the train request it came from
 * @param modelName the registered model it is meant for
 * @param trainer for example {@code smile/random-forest}
 * @param params the trainer's parameters, defaults included
 * @param seed of the training
 * @param dataset what it was trained on
 * @param task classification or regression
 * @param classes the labels in the order of the columns of {@code probabilities}; empty for
 *     regression
 * @param features the inputs in the order of the columns of the graph's input
 * @param parity how far the ONNX graph is from the trained model
 * @param metrics the validation metrics
 * @param files every other file of the package
 */
public record Manifest(
    String format,
    int version,
    Instant createdAt,
    String millraceVersion,
    String runId,
    String requestId,
    String modelName,
    String trainer,
    Map<String, Object> params,
    long seed,
    Dataset dataset,
    Task task,
    List<String> classes,
    List<Feature> features,
    @Nullable Parity parity,
    Map<String, Double> metrics,
    List<FileEntry> files) {

  /** The only value of {@link #format()}. */
  public static final String FORMAT = "millrace-model-package";

  /** The newest version of the form. */
  public static final int VERSION = 1;

  public Manifest {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    classes = List.copyOf(classes);
    features = List.copyOf(features);
    files = List.copyOf(files);
  }

  /**
   * The dataset a model was trained on.
   *
   * @param name of the dataset
   * @param version of the dataset
   * @param digest of its bytes, as the job gave it
   * @param target the column that is predicted
   * @param rows all rows of the file
   * @param split which rows were for what
   */
  public record Dataset(
      String name,
      String version,
      @Nullable String digest,
      String target,
      long rows,
      Split split) {}

  /**
   * The largest difference between the trained model and its ONNX graph.
   *
   * @param maxAbsDiff over all outputs of all compared rows; for regression relative to the larger
   *     of 1 and the value
   * @param rows compared rows, those of the validation split
   * @param tolerance above which the run would have failed
   */
  public record Parity(double maxAbsDiff, int rows, double tolerance) {}

  /**
   * A file of the package.
   *
   * @param path relative to the package, with forward slashes
   * @param size in bytes
   * @param sha256 64 lower-case hexadecimal digits
   */
  public record FileEntry(String path, long size, String sha256) {}

  /** How rows become the graph's input. */
  public Signature signature() {
    return new Signature(task, features, classes);
  }

  /** The entry of a file. */
  public Optional<FileEntry> file(String path) {
    return files.stream().filter(f -> f.path().equals(path)).findFirst();
  }

  Manifest withFiles(List<FileEntry> entries) {
    return new Manifest(
        format,
        version,
        createdAt,
        millraceVersion,
        runId,
        requestId,
        modelName,
        trainer,
        params,
        seed,
        dataset,
        task,
        classes,
        features,
        parity,
        metrics,
        entries);
  }
}
