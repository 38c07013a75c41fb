package io.millrace.cli.porting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.cli.porting.Report.Count;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An older server, played by {@link OlderServer}, written to a directory. */
class ExportTest {

  private static final String FIRST = "aaaa0000000000000000000000000001";
  private static final String SECOND = "aaaa0000000000000000000000000002";

  @TempDir Path folder;
  private Path export;
  private OlderServer server;

  @BeforeEach
  void start() throws IOException {
    server = new OlderServer();
    export = folder.resolve("export");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static Porting porting(Selection selection, Progress progress) {
    return new Porting(
        selection, 2, new Patience(4, Duration.ofMillis(1), Duration.ofMillis(50)), progress);
  }

  private Report export() {
    return export(Selection.ALL);
  }

  private Report export(Selection selection) {
    return porting(selection, (done, total, soFar) -> {})
        .serverToDirectory(server.uri(), Credentials.NONE, export);
  }

  private Path run(String id) {
    return export.resolve("experiments/1/runs/" + id);
  }

  @Test
  void writesEverythingThatAnOlderServerHas() throws IOException {
    var report = export();
    assertThat(report.failed()).isEmpty();
    assertThat(report.leftOut()).isEmpty();
    assertThat(report.count(Count.EXPERIMENTS)).isEqualTo(2);
    assertThat(report.count(Count.RUNS)).isEqualTo(2);
    assertThat(report.count(Count.FILES)).isEqualTo(6);
    assertThat(report.count(Count.METRIC_POINTS)).isEqualTo(12);
    assertThat(report.count(Count.VERSIONS)).isEqualTo(2);
    assertThat(run(FIRST).resolve("artifacts/model/data/weights.bin")).hasSize(300_000);
    assertThat(run(FIRST).resolve("artifacts/note with ä.txt")).isEmptyFile();
    var run = Messages.JSON.readTree(Files.readString(run(FIRST).resolve("run.json")));
    assertThat(run.at("/info/run_id").asString()).isEqualTo(FIRST);
    assertThat(run.at("/info/start_time").asLong()).isEqualTo(1000);
    assertThat(run.at("/info/lifecycle_stage").asString()).isEqualTo("deleted");
    assertThat(Files.readAllLines(run(SECOND).resolve("metrics.jsonl")))
        .hasSize(6)
        .contains("{\"key\":\"loss\",\"value\":0.5,\"timestamp\":2,\"step\":2}")
        .anyMatch(line -> line.contains("\"NaN\""));
    assertThat(Files.readAllLines(export.resolve("models/iris/versions.jsonl")))
        .first()
        .asString()
        .contains("\"version\":\"2\"")
        .contains("Archived");
    assertThat(ExportCheck.check(export).problems()).isEmpty();
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    export();
    try (var source = new DirectorySource(export)) {
      assertThat(source.origin()).isEqualTo(server.uri().toString());
      var experiment = source.experiment("1").orElseThrow();
      var run = source.run(FIRST).orElseThrow();
      assertThat(source.runs(experiment, Long.MIN_VALUE)).toIterable().hasSize(2).contains(run);
      assertThat(source.runs(experiment, 1500))
          .toIterable()
          .extracting(Messages.Run::id)
          .containsExactly(SECOND);
      assertThat(source.history(run)).toIterable().hasSize(6);
      var files = source.files(Source.Owner.of(run));
      assertThat(files).toIterable().hasSize(3);
      var model = source.models().next();
      assertThat(source.versions(model))
          .extracting(Messages.ModelVersion::version)
          .containsExactly("2", "4");
    }
  }

  @Test
  void readsAHistoryThatDoesNotFitIntoMemoryOfOneAnswer() throws IOException {
    server.points = 120_000;
    assertThat(export().count(Count.METRIC_POINTS)).isEqualTo(4 * 120_000);
    try (var lines = Files.lines(run(FIRST).resolve("metrics.jsonl"))) {
      assertThat(lines.distinct()).hasSize(240_000);
    }
  }

  @Test
  void asksAgainWhereTheServerIsBusy() {
    server.faults.add(new OlderServer.Fault("/api/2.0/mlflow/runs/search", 429, "0"));
    server.faults.add(new OlderServer.Fault("/api/2.0/mlflow/metrics/get-history", 503, "1"));
    server.faults.add(new OlderServer.Fault("/get-artifact", 500, ""));
    server.faults.add(new OlderServer.Fault("/get-artifact", 502, ""));
    var report = export();
    assertThat(report.failed()).isEmpty();
    assertThat(report.count(Count.FILES)).isEqualTo(6);
  }

  @Test
  void waitsAsLongAsTheServerAsks() {
    server.faults.add(new OlderServer.Fault("/api/2.0/mlflow/experiments/search", 429, "1"));
    var begun = System.nanoTime();
    new Porting(
            Selection.ALL,
            1,
            new Patience(2, Duration.ofMillis(1), Duration.ofSeconds(5)),
            (done, total, soFar) -> {})
        .serverToDirectory(server.uri(), Credentials.NONE, export);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void notesWhatItCouldNotHaveAndTriesItAgainTheNextTime() throws IOException {
    var iris = new Selection(List.of("iris"), List.of(), Long.MIN_VALUE);
    for (int i = 0; i < 4; i++) {
      server.faults.add(new OlderServer.Fault("/get-artifact", 500, ""));
    }
    var first =
        new Porting(
                iris,
                1,
                new Patience(4, Duration.ofMillis(1), Duration.ofMillis(2)),
                (done, total, soFar) -> {})
            .serverToDirectory(server.uri(), Credentials.NONE, export);
    assertThat(first.failed())
        .singleElement()
        .satisfies(it -> assertThat(it.what()).contains("run"));
    var second = export(iris);
    assertThat(second.failed()).isEmpty();
    assertThat(second.count(Count.RUNS)).isEqualTo(1);
    assertThat(second.count(Count.RUNS_UNCHANGED)).isEqualTo(1);
    assertThat(ExportCheck.check(export).problems()).isEmpty();
  }

  @Test
  void goesOnWhereItWasStopped() throws IOException {
    var seen = new AtomicInteger();
    var stopping =
        porting(
            Selection.ALL,
            (done, total, soFar) -> {
              if (soFar.count(Count.FILES) == 2 && seen.incrementAndGet() == 1) {
                throw new IllegalStateException("stopped here");
              }
            });
    assertThatThrownBy(() -> stopping.serverToDirectory(server.uri(), Credentials.NONE, export))
        .hasMessageContaining("stopped here");
    assertThatThrownBy(() -> ExportCheck.check(export))
        .isInstanceOf(PortingFailure.class)
        .hasMessageContaining("not finished");
    // A kill in the middle of a line.
    Files.writeString(
        export.resolve(".export-state.jsonl"), "{\"is\":\"ru", StandardOpenOption.APPEND);
    server.calls.clear();
    var report = export();
    assertThat(report.failed()).isEmpty();
    assertThat(server.calls.stream().filter(call -> call.contains("/get-artifact")))
        .hasSizeLessThan(6);
    assertThat(ExportCheck.check(export).problems()).isEmpty();
    var whole = tree(export);
    var again = folder.resolve("again");
    porting(Selection.ALL, (done, total, soFar) -> {})
        .serverToDirectory(server.uri(), Credentials.NONE, again);
    assertThat(whole).isEqualTo(tree(again));
  }

  private static Map<String, String> tree(Path root) throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (var all = Files.walk(root)) {
      for (var file : all.filter(Files::isRegularFile).toList()) {
        var path = DirectorySink.slashed(root.relativize(file));
        if (!path.equals("manifest.json") && !path.startsWith(".")) {
          tree.put(path, Sha256.of(file));
        }
      }
    }
    return tree;
  }

  @Test
  void copiesNothingTwice() {
    export();
    server.calls.clear();
    var report = export();
    assertThat(report.count(Count.RUNS)).isZero();
    assertThat(report.count(Count.RUNS_UNCHANGED)).isEqualTo(2);
    assertThat(server.calls)
        .noneMatch(call -> call.contains("get-history") || call.contains("get-artifact"));
  }

  @Test
  void noticesEveryDamage() throws IOException {
    export();
    Files.writeString(run(FIRST).resolve("metrics.jsonl"), "x", StandardOpenOption.APPEND);
    Files.delete(run(SECOND).resolve("artifacts/model/MLmodel"));
    Files.writeString(export.resolve("experiments/stranger"), "");
    assertThat(ExportCheck.check(export).problems())
        .hasSize(3)
        .anyMatch(it -> it.contains("metrics.jsonl is damaged"))
        .anyMatch(it -> it.contains("MLmodel is missing"))
        .anyMatch(it -> it.contains("stranger does not belong"));
    try (var source = new DirectorySource(export)) {
      var run = source.run(FIRST).orElseThrow();
      assertThatThrownBy(() -> source.history(run)).hasMessageContaining("damaged");
    }
    Files.writeString(export.resolve("SHA256SUMS"), "", StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(ExportCheck.check(export).problems())
        .singleElement()
        .asString()
        .contains("SHA256SUMS");
  }

  @Test
  void leavesOutFilesThatWouldLeaveTheFolder() {
    server.names("../../evil");
    var report = export();
    assertThat(report.leftOut()).anyMatch(it -> it.what().contains("evil"));
    assertThat(folder.resolve("evil")).doesNotExist();
    assertThat(report.failed()).isEmpty();
  }

  @Test
  void provesWhoItIs() {
    server.authorization = java.util.Optional.of("Basic YWRhOnPDqWNyZXQ=");
    var from = URI.create(server.uri().toString());
    assertThatThrownBy(() -> export())
        .isInstanceOf(PortingFailure.class)
        .hasMessageContaining("MLFLOW_TRACKING_TOKEN");
    var credentials =
        Credentials.of(
            from, Map.of("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "sécret"));
    assertThat(credentials.toString()).doesNotContain("YWRh");
    var porting = porting(Selection.ALL, (done, total, soFar) -> {});
    assertThat(porting.serverToDirectory(from, credentials, export).failed()).isEmpty();
    server.authorization = java.util.Optional.of("Bearer t0ken");
    var token = Credentials.of(from, Map.of("MLFLOW_TRACKING_TOKEN", "t0ken"));
    assertThat(porting.count(from, token).count(Count.RUNS)).isEqualTo(2);
  }

  @Test
  void keepsCredentialsOfAnAddressOutOfSight() throws IOException {
    server.authorization = java.util.Optional.of("Basic YWRhOnBAc3M=");
    var from = URI.create(server.uri().toString().replace("http://", "http://ada:p%40ss@"));
    porting(Selection.ALL, (done, total, soFar) -> {})
        .serverToDirectory(from, Credentials.of(from, Map.of()), export);
    try (var all = Files.walk(export)) {
      for (var file :
          all.filter(
                  path -> path.toString().endsWith(".json") || path.toString().endsWith(".jsonl"))
              .toList()) {
        assertThat(Files.readString(file)).doesNotContain("p%40ss").doesNotContain("p@ss");
      }
    }
  }

  @Test
  void takesOnlyWhatIsAskedFor() {
    assertThat(export(new Selection(List.of("Def*"), List.of(), Long.MIN_VALUE)).count(Count.RUNS))
        .isZero();
    var models = export(new Selection(List.of(), List.of("ir*"), Long.MIN_VALUE));
    assertThat(models.count(Count.VERSIONS)).isEqualTo(2);
    assertThat(models.count(Count.RUNS)).as("the runs that the versions are from").isEqualTo(2);
    assertThat(new Selection(List.of("a*c"), List.of(), 0).model("abc")).isFalse();
  }

  @Test
  void countsWithoutWriting() {
    var report =
        porting(Selection.ALL, (done, total, soFar) -> {}).count(server.uri(), Credentials.NONE);
    assertThat(report.count(Count.RUNS)).isEqualTo(2);
    assertThat(report.count(Count.VERSIONS)).isEqualTo(2);
    assertThat(export).doesNotExist();
  }

  @Test
  void letsOneProcessAtATimeIn() throws IOException {
    Files.createDirectories(export);
    try (var map =
        IdMap.open(export.resolve(".export-state.jsonl"), server.uri().toString(), "directory")) {
      assertThat(map.done(IdMap.Kind.RUN, "x")).isFalse();
      assertThatThrownBy(this::export).hasMessageContaining("at work");
    }
  }

  @Test
  void refusesTheStateOfAnotherSource() throws IOException {
    Files.createDirectories(export);
    IdMap.open(export.resolve(".export-state.jsonl"), "http://other:1", "directory").close();
    assertThatThrownBy(this::export)
        .isInstanceOf(PortingFailure.class)
        .hasMessageContaining("http://other:1");
  }
}
