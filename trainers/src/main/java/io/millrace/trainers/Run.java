package io.millrace.trainers;

import io.millrace.datasets.CategoricalProfile;
import io.millrace.datasets.Column;
import io.millrace.datasets.Csv;
import io.millrace.datasets.DataCheckReport;
import io.millrace.datasets.DataChecks;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.NearestName;
import io.millrace.datasets.NumericProfile;
import io.millrace.datasets.Part;
import io.millrace.datasets.Profile;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.Scores;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.RunFailure.Reason;
import io.millrace.trainers.RunResult.WrittenPackage;
import io.millrace.trainers.forest.RandomForestAlgorithm;
import io.millrace.trainers.network.MlpAlgorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One run from job and data to package. */
final class Run {
  static final String FOREST = "smile/random-forest";
  static final String MLP = "dl4j/mlp";
  static final String CHECKS_FILE = "data-checks.json";
  static final String PACKAGE_DIRECTORY = "model";

  /** Above this difference between trained model and ONNX graph a run fails. */
  static final double PARITY_TOLERANCE = 1e-4;

  private static final int EXAMPLE_ROWS = 5;
  private static final int PROGRESS_LINES = 100;

  private final Job job;
  private final Path dataset;
  private final Path output;
  private final RunLog log;
  private final AtomicBoolean cancelled;
  private int lastStep;

  Run(Job job, Path dataset, Path output, RunLog log, AtomicBoolean cancelled) {
    this.job = job;
    this.dataset = dataset;
    this.output = output;
    this.log = log;
    this.cancelled = cancelled;
  }

  RunResult execute() throws IOException {
    requireKnownTrainer();
    checkDigest();
    Table table = read();
    String target = job.dataset().target();
    checkData(table, target);
    Task task = table.schema().task(target);
    Algorithm algorithm = algorithm(new Params(job.trainer(), job.params()), task);
    Split.Assignment parts = job.dataset().rows().assign(table, target);
    Examples examples = Examples.of(table, target, parts);
    logParams(algorithm, table, examples);
    say(
        "training %s on %d rows, validating on %d, %d features",
        job.trainer(),
        examples.train().count(),
        examples.validation().count(),
        examples.signature().width());

    TrainedModel model = algorithm.train(examples, job.seed(), this::step);
    byte[] onnx = model.onnx();
    Path draft = Files.write(output.resolve("model.onnx.draft"), onnx);
    try (OnnxScorer scorer = OnnxScorer.open(draft, examples.signature())) {
      Examples.Rows validation = examples.validation();
      Scores scores = scorer.score(validation.features(), validation.count());
      Manifest.Parity parity = parity(model, validation, scores);
      Map<String, Double> metrics = finalMetrics(examples, scores);
      requireParity(parity, metrics);
      stopIfCancelled();
      log.finalMetrics(lastStep, metrics);
      ModelPackage written =
          writePackage(table, examples, parts, algorithm, onnx, scores, parity, metrics);
      log.flush();
      say("wrote the package, %d bytes, parity %.2g", written.size(), parity.maxAbsDiff());
      return new RunResult(
          "succeeded",
          null,
          "trained " + job.trainer() + " on " + examples.train().count() + " rows",
          metrics,
          parity,
          new WrittenPackage(
              PACKAGE_DIRECTORY, ModelPackage.MEDIA_TYPE, written.sha256(), written.size()));
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private Table read() {
    try {
      Table table = Csv.read(dataset);
      say("read %d rows, %d columns", table.rows(), table.schema().columns().size());
      return table;
    } catch (DatasetException e) {
      throw new RunFailure(Reason.INVALID_DATA, String.valueOf(e.getMessage()));
    }
  }

  private void checkData(Table table, String target) throws IOException {
    DataCheckReport report;
    try {
      report = DataChecks.run(table, target, job.dataset().rows(), job.level());
    } catch (DatasetException e) {
      throw new RunFailure(Reason.INVALID_DATA, String.valueOf(e.getMessage()));
    }
    Files.createDirectories(output);
    Files.writeString(output.resolve(CHECKS_FILE), report.toJson());
    report.checks().stream()
        .filter(c -> c.status() != io.millrace.datasets.DataCheck.Status.PASS)
        .forEach(c -> say("data check %s: %s: %s", c.check(), c.status(), c.message()));
    say("data checks %s", report.passed() ? "passed" : "failed");
    if (!report.passed()) {
      throw new RunFailure(Reason.DATA_CHECKS_FAILED, report.failures());
    }
  }

  private void requireKnownTrainer() {
    List<String> known = List.of(FOREST, MLP);
    if (!known.contains(job.trainer())) {
      throw RunFailure.invalidJob(
          "unknown trainer '%s'%s; known are %s"
              .formatted(
                  job.trainer(),
                  NearestName.of(job.trainer(), known)
                      .map(n -> " (did you mean '" + n + "'?)")
                      .orElse(""),
                  String.join(", ", known)));
    }
  }

  /**
   * Only the chosen library is loaded: Deeplearning4j alone takes longer to load than a forest to
   * grow.
   */
  private Algorithm algorithm(Params params, Task task) {
    return job.trainer().equals(FOREST)
        ? new RandomForestAlgorithm(params, task)
        : new MlpAlgorithm(params);
  }

  private void logParams(Algorithm algorithm, Table table, Examples examples) {
    Map<String, Object> params = new LinkedHashMap<>(algorithm.params());
    params.put("trainer", job.trainer());
    params.put("seed", job.seed());
    params.put("dataset.rows", table.rows());
    params.put("dataset.train_rows", examples.train().count());
    params.put("dataset.validation_rows", examples.validation().count());
    log.params(params);
  }

  private void step(String unit, int step, int of, Map<String, Double> metrics) {
    stopIfCancelled();
    lastStep = step;
    log.metrics(step, metrics);
    if (step > 1 && step < of && step % Math.max(1, of / PROGRESS_LINES) != 0) {
      return;
    }
    StringBuilder line = new StringBuilder("%s %d/%d".formatted(unit, step, of));
    metrics.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            m -> line.append(String.format(Locale.ROOT, " %s=%.6g", m.getKey(), m.getValue())));
    System.out.println(line);
  }

  private void stopIfCancelled() {
    if (cancelled.get()) {
      throw new RunFailure(Reason.CANCELLED, "the run was asked to stop");
    }
  }

  private Manifest.Parity parity(TrainedModel model, Examples.Rows validation, Scores scores) {
    double[] own = model.predict(validation.features(), validation.count());
    boolean regression = scores.task() == Task.REGRESSION;
    int columns = regression ? 1 : scores.classes().size();
    double worst = 0;
    for (int i = 0; i < own.length; i++) {
      double served = regression ? scores.value(i) : scores.probability(i / columns, i % columns);
      double difference = Math.abs(own[i] - served);
      double relative = regression ? difference / Math.max(1, Math.abs(own[i])) : difference;
      // NaN must not pass as small.
      worst = relative <= worst ? worst : relative;
    }
    return new Manifest.Parity(worst, validation.count(), PARITY_TOLERANCE);
  }

  private static void requireParity(Manifest.Parity parity, Map<String, Double> metrics) {
    if (!(parity.maxAbsDiff() <= parity.tolerance())) {
      throw new RunFailure(
          Reason.PARITY_FAILED,
          "the ONNX graph differs from the trained model by %.3g on %d validation rows, more than %.3g; metrics %s"
              .formatted(parity.maxAbsDiff(), parity.rows(), parity.tolerance(), metrics));
    }
  }

  /** Judged on what will be served, the graph. */
  private Map<String, Double> finalMetrics(Examples examples, Scores scores) {
    boolean regression = scores.task() == Task.REGRESSION;
    int columns = regression ? 1 : scores.classes().size();
    double[] answers =
        IntStream.range(0, scores.rows() * columns)
            .mapToDouble(
                i -> regression ? scores.value(i) : scores.probability(i / columns, i % columns))
            .toArray();
    Map<String, Double> metrics =
        ValidationMetrics.ofModel(examples.signature(), answers, examples.validation().targets());
    say("validation metrics %s", metrics);
    return metrics;
  }

  private ModelPackage writePackage(
      Table table,
      Examples examples,
      Split.Assignment parts,
      Algorithm algorithm,
      byte[] onnx,
      Scores scores,
      Manifest.Parity parity,
      Map<String, Double> metrics) {
    Signature signature = examples.signature();
    Job.Dataset data = job.dataset();
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            Manifest.VERSION,
            Instant.now().truncatedTo(ChronoUnit.MICROS),
            Objects.requireNonNullElse(
                Run.class.getPackage().getImplementationVersion(), "unpackaged"),
            job.runId(),
            job.requestId(),
            job.modelName(),
            job.trainer(),
            algorithm.params(),
            job.seed(),
            new Manifest.Dataset(
                data.name(),
                data.version(),
                data.digest(),
                data.target(),
                table.rows(),
                data.rows()),
            signature.task(),
            signature.classes(),
            signature.features(),
            parity,
            metrics,
            List.of());
    List<Column> columns =
        signature.features().stream().map(f -> table.schema().column(f.name())).toList();
    Profile profile =
        Profile.of(table, columns, data.target(), parts.rows(Part.TRAIN))
            .withOutputs(
                predictions(scores),
                signature.task() == Task.REGRESSION ? null : scoreProfile(scores));
    return ModelPackage.write(
        output.resolve(PACKAGE_DIRECTORY), manifest, onnx, profile, example(examples));
  }

  private static io.millrace.datasets.ColumnProfile predictions(Scores scores) {
    return scores.task() == Task.REGRESSION
        ? NumericProfile.of(
            "prediction", IntStream.range(0, scores.rows()).mapToDouble(scores::value).toArray())
        : CategoricalProfile.of(
            "prediction", IntStream.range(0, scores.rows()).mapToObj(scores::label).toList());
  }

  private static NumericProfile scoreProfile(Scores scores) {
    return NumericProfile.of(
        "score", IntStream.range(0, scores.rows()).mapToDouble(scores::score).toArray());
  }

  private static ModelPackage.InputExample example(Examples examples) {
    int width = examples.signature().width();
    List<List<@Nullable Object>> rows = new ArrayList<>();
    for (int r = 0; r < Math.min(EXAMPLE_ROWS, examples.train().count()); r++) {
      List<@Nullable Object> row = new ArrayList<>();
      for (float value :
          Arrays.copyOfRange(examples.train().features(), r * width, (r + 1) * width)) {
        // The shortest decimal of the float, not of its widened double.
        row.add(Float.isNaN(value) ? null : Double.valueOf(Float.toString(value)));
      }
      rows.add(row);
    }
    return new ModelPackage.InputExample(examples.signature().names(), rows);
  }

  private void checkDigest() throws IOException {
    String digest = job.dataset().digest();
    String wanted =
        digest == null ? "" : digest.replaceFirst("^sha-?256:", "").toLowerCase(Locale.ROOT);
    if (!wanted.matches("[0-9a-f]{64}") || !Files.isRegularFile(dataset)) {
      return;
    }
    try (DigestInputStream in =
        new DigestInputStream(
            Files.newInputStream(dataset), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      String found = HexFormat.of().formatHex(in.getMessageDigest().digest());
      if (!found.equals(wanted)) {
        throw new RunFailure(
            Reason.INVALID_DATA,
            "the dataset file has SHA-256 %s, the job says %s".formatted(found, wanted));
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void say(String format, Object... args) {
    System.out.println(String.format(Locale.ROOT, format, args));
  }
}
