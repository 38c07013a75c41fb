package io.millrace.evaluation.evaluations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactSettings;
import io.millrace.artifacts.Sha256;
import io.millrace.artifacts.packages.ModelPackages;
import io.millrace.datasets.Task;
import io.millrace.evaluation.LinearModels;
import io.millrace.evaluation.StoredArtifacts;
import io.millrace.modelpackage.ModelPackage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

/** Against a stand-in of the artifact service on the JDK's HTTP server. */
class InputsTest {
  private static final String FOLDER = "mlflow-artifacts:/1/run/artifacts/model";

  @TempDir Path work;
  private final StoredArtifacts artifacts = new StoredArtifacts();

  @AfterEach
  void stop() {
    artifacts.close();
  }

  @Test
  void fetchesAPackageOnce() throws Exception {
    StoredFile stored = storedPackage();
    Inputs inputs = inputs(DataSize.ofMegabytes(10), Duration.ofSeconds(1));

    try (var first = inputs.modelPackage(stored)) {
      assertThat(first.content().sha256()).isEqualTo(stored.sha256());
    }
    int reads = artifacts.reads().size();
    try (var second = inputs.modelPackage(stored)) {
      assertThat(second.content().manifest().trainer()).isEqualTo("test/linear");
    }

    assertThat(artifacts.reads()).hasSize(reads);
  }

  @Test
  void servesManyWorkersThatWantTheSameAtOnce() throws Exception {
    StoredFile stored = storedPackage();
    Inputs inputs = inputs(DataSize.ofMegabytes(10), Duration.ofSeconds(5));
    Callable<String> worker =
        () -> {
          try (var copy = inputs.modelPackage(stored)) {
            return copy.content().sha256();
          }
        };

    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> each : workers.invokeAll(Collections.nCopies(8, worker))) {
        assertThat(each.get()).isEqualTo(stored.sha256());
      }
    }
    assertThat(work.resolve("cache")).isDirectoryNotContaining("glob:**/.draft-*");
  }

  @Test
  void fetchesADamagedCopyAgain() throws Exception {
    byte[] content = LinearModels.classes().getBytes(StandardCharsets.UTF_8);
    artifacts.putDataset("linear", 1, content);
    StoredFile stored = file("linear", 1, content);
    Inputs inputs = inputs(DataSize.ofMegabytes(10), Duration.ofSeconds(1));
    Path copy;
    try (var first = inputs.dataset(stored)) {
      copy = first.content();
    }
    Files.writeString(copy, "x,answer\n1,no\n");

    try (var again = inputs.dataset(stored)) {
      assertThat(again.content()).hasBinaryContent(content);
    }
  }

  @Test
  void keepsNoMoreThanItMay() throws Exception {
    Inputs inputs = inputs(DataSize.ofBytes(2500), Duration.ofSeconds(1));
    for (int version = 1; version <= 4; version++) {
      byte[] content = ("v" + version).repeat(500).getBytes(StandardCharsets.UTF_8);
      artifacts.putDataset("data", version, content);
      try (var copy = inputs.dataset(file("data", version, content))) {
        assertThat(copy.content()).exists();
      }
      // As if each had been used a quarter of an hour ago, the older ones before.
      try (Stream<Path> kept = Files.list(work.resolve("cache"))) {
        for (Path directory : kept.toList()) {
          Files.setLastModifiedTime(
              directory,
              FileTime.from(
                  Files.getLastModifiedTime(directory).toInstant().minus(Duration.ofMinutes(15))));
        }
      }
    }

    try (Stream<Path> kept = Files.list(work.resolve("cache"))) {
      assertThat(kept).hasSize(2);
    }
  }

  @Test
  void asksAgainWhileTheServiceDoesNotAnswer() throws Exception {
    byte[] content = "x,answer\n1,no\n".getBytes(StandardCharsets.UTF_8);
    artifacts.putDataset("late", 1, content);
    artifacts.refuse(2);

    try (var copy =
        inputs(DataSize.ofMegabytes(1), Duration.ofSeconds(10)).dataset(file("late", 1, content))) {
      assertThat(copy.content()).hasBinaryContent(content);
    }
  }

  @Test
  void givesUpWhenItsPatienceEnds() {
    artifacts.refuse(1000);
    assertUnscorable(
        FailureReason.DATASET_UNAVAILABLE,
        "did not answer",
        () ->
            inputs(DataSize.ofMegabytes(1), Duration.ofMillis(500))
                .dataset(file("never", 1, new byte[] {1})));
  }

  @Test
  void refusesContentThatIsNotWhatWasAskedFor() {
    artifacts.putDataset("changed", 1, "x,answer\n2,no\n".getBytes(StandardCharsets.UTF_8));
    byte[] expected = "x,answer\n1,no\n".getBytes(StandardCharsets.UTF_8);
    Inputs inputs = inputs(DataSize.ofMegabytes(1), Duration.ofSeconds(1));

    assertUnscorable(
        FailureReason.DATASET_CORRUPT,
        "SHA-256",
        () -> inputs.dataset(file("changed", 1, expected)));
    assertUnscorable(
        FailureReason.DATASET_CORRUPT,
        "more than the 3 bytes",
        () -> inputs.dataset(file("changed", 1, new byte[] {1, 2, 3})));
    assertUnscorable(
        FailureReason.DATASET_UNAVAILABLE,
        "404",
        () -> inputs.dataset(file("absent", 1, expected)));
    assertThat(work.resolve("cache")).isEmptyDirectory();
  }

  @Test
  void refusesAPackageThatWritesElsewhere() throws IOException {
    storedPackage();
    String manifest =
        new String(artifacts.get(FOLDER + "/manifest.json"), StandardCharsets.UTF_8)
            .replace("\"requirements.txt\"", "\"../../escaped.txt\"");
    artifacts.put(FOLDER + "/manifest.json", manifest.getBytes(StandardCharsets.UTF_8));
    StoredFile lying =
        new StoredFile(
            FOLDER,
            "application/x-directory",
            Sha256.of(manifest.getBytes(StandardCharsets.UTF_8)),
            1000);

    assertUnscorable(
        FailureReason.PACKAGE_CORRUPT,
        "leads out of the package",
        () -> inputs(DataSize.ofMegabytes(1), Duration.ofSeconds(1)).modelPackage(lying));
    assertThat(work.resolve("escaped.txt")).doesNotExist();
  }

  @Test
  void refusesAddressesOutsideTheProxy() {
    assertUnscorable(
        FailureReason.PACKAGE_UNAVAILABLE,
        "not of the form mlflow-artifacts:/<path>",
        () ->
            inputs(DataSize.ofMegabytes(1), Duration.ofSeconds(1))
                .modelPackage(new StoredFile("file:///etc", "", "ab".repeat(32), 1)));
  }

  private interface Call {
    void run() throws InterruptedException;
  }

  private static void assertUnscorable(FailureReason reason, String words, Call call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(Unscorable.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words);
  }

  private StoredFile storedPackage() throws IOException {
    Path csv = Files.writeString(work.resolve("data.csv"), LinearModels.classes());
    ModelPackage written =
        LinearModels.write(work.resolve("package"), csv, Task.CLASSIFICATION, "x", 2);
    try (Stream<Path> files = Files.list(written.directory())) {
      for (Path file : files.toList()) {
        artifacts.put(FOLDER + "/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    return new StoredFile(FOLDER, "application/x-directory", written.sha256(), written.size());
  }

  private Inputs inputs(DataSize size, Duration patience) {
    ArtifactClient client =
        new ArtifactClient(
            new ArtifactSettings(
                artifacts.uri(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                patience,
                new ArtifactSettings.Cache(null, size)));
    ArtifactCache cache = new ArtifactCache(client, work.resolve("cache"), size.toBytes());
    return new Inputs(new ModelPackages(client, cache), cache);
  }

  private static StoredFile file(String dataset, int version, byte[] content) {
    return new StoredFile(
        "dataset:/%s/%d".formatted(dataset, version),
        "text/csv",
        Sha256.of(content),
        content.length);
  }
}
