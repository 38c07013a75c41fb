package io.millrace.modelpackage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.datasets.Csv;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxScorerTest {
  @TempDir Path temp;

  @Test
  void answersAsRecordedElsewhere() throws IOException {
    Table golden = Csv.read(Path.of("src/test/resources/logistic-regression.golden.csv"));
    int[] rows = Arrays.stream(golden.numbers("row")).mapToInt(r -> (int) r).toArray();
    int[] truth = Packages.TABLE.classCodes("diagnosis");
    try (OnnxScorer scorer = OnnxScorer.open(Packages.write(temp.resolve("model")))) {
      scorer.warmUp();
      Scores scores = scorer.score(scorer.signature().encode(Packages.TABLE, rows), rows.length);

      assertThat(scores.rows()).isEqualTo(114);
      int right = 0;
      for (int i = 0; i < rows.length; i++) {
        assertThat((double) scores.probability(i, 0))
            .isCloseTo(golden.numbers("p0")[i], within(1e-6));
        assertThat((double) scores.score(i)).isCloseTo(golden.numbers("p1")[i], within(1e-6));
        right += scores.label(i).equals(truth[rows[i]] == 0 ? "benign" : "malignant") ? 1 : 0;
      }
      assertThat(right).isEqualTo(112);
    }
  }

  @Test
  void manyThreadsGetTheSameAnswers() throws Exception {
    int[] rows = IntStream.range(0, 100).toArray();
    try (OnnxScorer scorer = OnnxScorer.open(Packages.write(temp.resolve("model")));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      float[] features = scorer.signature().encode(Packages.TABLE, rows);
      float[] expected = scorer.score(features, 100).probabilities(57);
      Callable<float[]> call = () -> scorer.score(features, 100).probabilities(57);
      for (Future<float[]> answer : threads.invokeAll(java.util.Collections.nCopies(64, call))) {
        assertThat(answer.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void refusesCallsAfterCloseAndMatricesOfOtherSize() throws IOException {
    OnnxScorer scorer = OnnxScorer.open(Packages.write(temp.resolve("model")));
    assertThatThrownBy(() -> scorer.score(new float[29], 1))
        .hasMessageContaining("need 30 values, not 29");
    assertThat(scorer.score(new float[0], 0).rows()).isZero();
    scorer.close();
    scorer.close();
    assertThatThrownBy(() -> scorer.score(new float[30], 1)).hasMessageContaining("closed");
  }

  @Test
  void refusesGraphsThatDoNotFitTheSignature() throws IOException {
    Signature narrow =
        new Signature(
            Task.CLASSIFICATION, Packages.signature().features().subList(0, 3), List.of("a", "b"));
    assertThatThrownBy(() -> OnnxScorer.open(Packages.ONNX, narrow))
        .hasMessageContaining("shape [rows, 3]");
    Signature regression =
        new Signature(Task.REGRESSION, Packages.signature().features(), List.of());
    assertThatThrownBy(() -> OnnxScorer.open(Packages.ONNX, regression))
        .hasMessageContaining("float output 'prediction'");
    Path broken = Files.writeString(temp.resolve("broken.onnx"), "not a graph");
    assertThatThrownBy(() -> OnnxScorer.open(broken, narrow))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("cannot load broken.onnx");
  }

  /** A class path of usual length used to overflow the stack inside the runtime's telemetry. */
  @Test
  void loadsInProcessWithLongCommandLineAndWithoutTelemetry() throws Exception {
    Path output = temp.resolve("output");
    Path home = Files.createDirectory(temp.resolve("home"));
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dpadding=" + "x".repeat(20_000),
                "-cp",
                classPath(),
                ScoreOnce.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().remove("ORT_DISABLE_TELEMETRY");
    builder.environment().put("HOME", home.toString());
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    try (var files = Files.list(home)) {
      assertThat(files).as("traces of telemetry").isEmpty();
    }
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
        .replace(File.pathSeparator + File.pathSeparator, File.pathSeparator);
  }

  /** The child of {@link #loadsInProcessWithLongCommandLineAndWithoutTelemetry()}. */
  static final class ScoreOnce {
    private ScoreOnce() {}

    public static void main(String[] args) {
      try (OnnxScorer scorer = OnnxScorer.open(Packages.ONNX, Packages.signature())) {
        scorer.warmUp();
      }
    }
  }
}
