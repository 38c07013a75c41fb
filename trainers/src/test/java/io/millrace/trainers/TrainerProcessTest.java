package io.millrace.trainers;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.datasets.CategoricalProfile;
import io.millrace.datasets.DataCheckReport;
import io.millrace.datasets.NumericProfile;
import io.millrace.datasets.Part;
import io.millrace.datasets.Split;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.Scores;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The program as a training-worker meets it: a process, its environment, its exit code, its files.
 */
class TrainerProcessTest {
  private static final Path SAMPLE = Path.of("../samples/breast-cancer.csv").toAbsolutePath();

  @TempDir Path temp;
  private Tracking tracking;
  private Path output;

  @BeforeEach
  void start() throws IOException {
    tracking = new Tracking();
    output = temp.resolve("output");
  }

  @AfterEach
  void stop() {
    tracking.close();
  }

  @Test
  void forestBecomesVerifiedPackage() throws Exception {
    assertThat(train(job("smile/random-forest", "{\"trees\": 100}", "diagnosis"), SAMPLE)).isZero();

    RunResult result = RunResult.read(output);
    assertThat(result.status()).isEqualTo("succeeded");
    assertThat(result.parity().maxAbsDiff()).isLessThan(1e-5);
    assertThat(result.metrics().get("validation.accuracy")).isGreaterThan(0.9);
    ModelPackage model = ModelPackage.open(output.resolve("model"));
    assertThat(result.modelPackage().sha256()).isEqualTo(model.sha256());
    assertThat(model.manifest().runId()).isEqualTo("run-1");
    assertThat(model.manifest().params())
        .containsEntry("trees", 100)
        .containsEntry("max-depth", 20);
    assertThat(model.manifest().classes()).containsExactly("benign", "malignant");
    assertThat(model.profile().rows()).isEqualTo(398);
    assertThat(model.profile().prediction())
        .isInstanceOfSatisfying(CategoricalProfile.class, p -> assertThat(p.count()).isEqualTo(86));
    assertThat(model.profile().score())
        .isInstanceOfSatisfying(NumericProfile.class, p -> assertThat(p.count()).isEqualTo(86));
    assertThat(
            DataCheckReport.fromJson(Files.readString(output.resolve("data-checks.json"))).passed())
        .isTrue();

    List<JsonNode> accuracy = tracking.metrics("validation.accuracy");
    assertThat(accuracy).hasSize(101);
    assertThat(accuracy.getFirst().get("step").asInt()).isEqualTo(1);
    assertThat(tracking.metrics("validation.roc_auc")).hasSize(1);
    assertThat(tracking.param("trainer")).isEqualTo("smile/random-forest");
    assertThat(tracking.attempts()).containsOnly("attempt-9");
    assertThat(log()).contains("data checks passed", "tree 100/100", "succeeded:");

    try (OnnxScorer scorer = OnnxScorer.open(model)) {
      int[] test = Split.DEFAULT.assign(Data.BREAST_CANCER, "diagnosis").rows(Part.TEST);
      Scores scores =
          scorer.score(scorer.signature().encode(Data.BREAST_CANCER, test), test.length);
      int[] truth = Data.BREAST_CANCER.classCodes("diagnosis");
      int right = 0;
      for (int i = 0; i < test.length; i++) {
        right += scores.classIndex(i) == truth[test[i]] ? 1 : 0;
      }
      assertThat(right / (double) test.length).isGreaterThan(0.9);
    }
  }

  @Test
  void perceptronTrainsWithoutHomeDirectory() throws Exception {
    String job = job("dl4j/mlp", "{\"epochs\": 5, \"learning-rate\": 0.01}", "diagnosis");
    int code =
        train(
            job,
            SAMPLE,
            List.of(
                "-Duser.home=" + temp.resolve("no-such-home"),
                "-Dorg.bytedeco.javacpp.maxbytes=512m"));
    assertThat(code).as(log()).isZero();
    assertThat(ModelPackage.open(output.resolve("model")).manifest().parity().maxAbsDiff())
        .isLessThan(1e-5);
    assertThat(tracking.metrics("train.loss")).hasSize(5);
  }

  @Test
  void failedDataChecksEndWithThree() throws Exception {
    Path csv = temp.resolve("small.csv");
    Files.writeString(csv, "x,y\n" + "1,a\n".repeat(30));
    assertThat(train(job("smile/random-forest", "{}", "y"), csv)).isEqualTo(3);

    RunResult result = RunResult.read(output);
    assertThat(result.reason()).isEqualTo("data-checks-failed");
    assertThat(result.message()).contains("the target 'y' has 1 distinct values");
    assertThat(
            DataCheckReport.fromJson(Files.readString(output.resolve("data-checks.json"))).passed())
        .isFalse();
    assertThat(output.resolve("model")).doesNotExist();
  }

  @Test
  void unreadableDataEndsWithThreeAndNamesTheLine() throws Exception {
    Path csv = Files.writeString(temp.resolve("ragged.csv"), "x,y\n1,2\n1,2,3\n");
    assertThat(train(job("smile/random-forest", "{}", "y"), csv)).isEqualTo(3);
    assertThat(RunResult.read(output).reason()).isEqualTo("invalid-data");
    assertThat(RunResult.read(output).message()).contains("ragged.csv, line 3: expected 2 fields");
  }

  @Test
  void missingTargetEndsWithThreeAndNamesTheNearest() throws Exception {
    assertThat(train(job("smile/random-forest", "{}", "diagnosys"), SAMPLE)).isEqualTo(3);
    assertThat(RunResult.read(output).message()).contains("did you mean 'diagnosis'?");
  }

  @Test
  void wrongJobsEndWithTwo() throws Exception {
    assertThat(train(job("smile/random-forest", "{\"treees\": 3}", "diagnosis"), SAMPLE))
        .isEqualTo(2);
    assertThat(RunResult.read(output).message())
        .contains("unknown parameter 'treees', did you mean 'trees'?");
    assertThat(train(job("smile/random-forrest", "{}", "diagnosis"), SAMPLE)).isEqualTo(2);
    assertThat(RunResult.read(output).message()).contains("did you mean 'smile/random-forest'?");
    assertThat(train("{\"trainer\": 5", SAMPLE)).isEqualTo(2);
    assertThat(RunResult.read(output).reason()).isEqualTo("invalid-job");
  }

  @Test
  void refusedMetricsEndWithSix() throws Exception {
    tracking.willAnswer(409);
    assertThat(train(job("smile/random-forest", "{\"trees\": 20}", "diagnosis"), SAMPLE))
        .isEqualTo(6);
    assertThat(RunResult.read(output).reason()).isEqualTo("fenced");
  }

  @Test
  void tooLittleMemoryEndsWithFive() throws Exception {
    StringBuilder text = new StringBuilder("a,b,c,d,y\n");
    for (int i = 0; i < 200_000; i++) {
      text.append(i * 1.5)
          .append(',')
          .append(i % 977)
          .append(',')
          .append(i % 31)
          .append(',')
          .append(i % 7)
          .append(',')
          .append(i % 2)
          .append('\n');
    }
    Path csv = Files.writeString(temp.resolve("large.csv"), text);
    assertThat(train(job("smile/random-forest", "{\"trees\": 50}", "y"), csv, List.of("-Xmx24m")))
        .isEqualTo(5);
    assertThat(RunResult.read(output).reason()).isEqualTo("out-of-memory");
  }

  @Test
  void signalStopsItAndLeavesResult() throws Exception {
    Process process =
        launch(job("smile/random-forest", "{\"trees\": 10000}", "diagnosis"), SAMPLE, List.of());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (tracking.metrics("validation.accuracy").isEmpty() && System.nanoTime() < end) {
      assertThat(process.waitFor(50, TimeUnit.MILLISECONDS)).as(log()).isFalse();
    }
    process.destroy();
    assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(143);
    assertThat(RunResult.read(output).status()).isEqualTo("cancelled");
    assertThat(output.resolve("model")).doesNotExist();
  }

  private static String job(String trainer, String params, String target) {
    return """
        {"runId": "run-1", "requestId": "request-1", "trainer": "%s", "params": %s, "seed": 42,
         "dataset": {"name": "sample", "version": 1, "digest": null, "target": "%s",
                     "split": {"train": 0.7, "validation": 0.15, "test": 0.15, "stratify": true, "seed": 42}},
         "validate": {"profile": "strict"}, "modelName": "sample"}
        """
        .formatted(trainer, params, target);
  }

  private int train(String job, Path dataset) throws Exception {
    return train(job, dataset, List.of());
  }

  private int train(String job, Path dataset, List<String> options) throws Exception {
    Process process = launch(job, dataset, options);
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).as(log()).isTrue();
    return process.exitValue();
  }

  private Process launch(String job, Path dataset, List<String> options) throws IOException {
    Path jobFile = Files.writeString(temp.resolve("job.json"), job);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .replace(File.pathSeparator + File.pathSeparator, File.pathSeparator),
            Trainer.class.getName()));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("log").toFile());
    builder.environment().put("MLFLOW_TRACKING_URI", tracking.uri().toString());
    builder.environment().put("MLFLOW_RUN_ID", "run-1");
    builder.environment().put("MILLRACE_DATASET", dataset.toString());
    builder.environment().put("MILLRACE_OUTPUT", output.toString());
    builder.environment().put("MILLRACE_JOB", jobFile.toString());
    builder.environment().put("MILLRACE_ATTEMPT", "attempt-9");
    return builder.start();
  }

  private String log() throws IOException {
    return Files.exists(temp.resolve("log")) ? Files.readString(temp.resolve("log")) : "";
  }
}
