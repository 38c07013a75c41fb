package io.millrace.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.artifacts.ArtifactServer.Fault.Cut;
import io.millrace.artifacts.ArtifactServer.Fault.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactCacheTest {

  private static final long PLENTY = 1 << 20;

  @TempDir Path work;
  private ArtifactServer server;
  private ArtifactClient client;
  private Path folder;

  @BeforeEach
  void start() throws IOException {
    server = new ArtifactServer();
    client = new ArtifactClient(server.settings(Duration.ofSeconds(5), Duration.ofMillis(500)));
    folder = work.resolve("cache");
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private ArtifactCache cache(long room) {
    return new ArtifactCache(client, folder, room);
  }

  private static ArtifactUri table(int version) {
    return new ArtifactUri.Dataset("data", version);
  }

  private String stored(int version) {
    return server.put(table(version), ("v" + version).repeat(500).getBytes());
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }

  /** As if the last use had been that long ago. */
  private static void age(Path entry, Duration by) throws IOException {
    Files.setLastModifiedTime(entry, FileTime.from(Instant.now().minus(by)));
  }

  @Test
  void downloadsOnce() throws Exception {
    String sha256 = stored(1);
    ArtifactCache cache = cache(PLENTY);
    try (var first = cache.file(table(1), sha256, PLENTY)) {
      assertThat(first.content()).hasContent("v1".repeat(500)).hasFileName(sha256);
    }
    try (var second = cache(PLENTY).file(table(1), sha256, PLENTY)) {
      assertThat(second.content()).hasContent("v1".repeat(500));
    }
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void downloadsOnceForManyThreads() throws Exception {
    String sha256 = stored(1);
    ArtifactCache cache = cache(PLENTY);
    Callable<String> user =
        () -> {
          try (var copy = cache.file(table(1), sha256, PLENTY)) {
            return Files.readString(copy.content());
          }
        };
    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> each : users.invokeAll(Collections.nCopies(8, user))) {
        assertThat(each.get()).isEqualTo("v1".repeat(500));
      }
    }
    assertThat(server.calls).hasSize(1);
    assertThat(entries()).hasSize(1);
  }

  @Test
  void servesCachesThatShareTheFolder() throws Exception {
    String sha256 = stored(1);
    Callable<String> process =
        () -> {
          try (var copy = cache(PLENTY).file(table(1), sha256, PLENTY)) {
            return Files.readString(copy.content());
          }
        };
    try (ExecutorService processes = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> each : processes.invokeAll(Collections.nCopies(8, process))) {
        assertThat(each.get()).isEqualTo("v1".repeat(500));
      }
    }
    assertThat(entries()).containsExactly(folder.resolve(sha256));
  }

  @Test
  void downloadsADamagedCopyAgain() throws Exception {
    String sha256 = stored(1);
    ArtifactCache cache = cache(PLENTY);
    cache.file(table(1), sha256, PLENTY).close();
    Files.writeString(folder.resolve(sha256), "something else");
    try (var again = cache.file(table(1), sha256, PLENTY)) {
      assertThat(again.content()).hasContent("v1".repeat(500));
    }
    assertThat(server.calls).hasSize(2);
    assertThat(entries()).containsExactly(folder.resolve(sha256));
  }

  @Test
  void keepsNothingOfAFailedDownload() throws Exception {
    String sha256 = stored(1);
    ArtifactCache cache = cache(PLENTY);
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> cache.file(table(1), "ab".repeat(32), PLENTY));
    assertThatExceptionOfType(ArtifactRefused.class)
        .isThrownBy(() -> cache.file(table(9), sha256, PLENTY));
    server.fail(new Cut(10));
    server.fail(Collections.nCopies(100, new Status(503, "")).toArray(Status[]::new));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(() -> cache.file(table(1), sha256, PLENTY));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesANameThatIsNoDigest() {
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> cache(PLENTY).file(table(1), "../../escaped", PLENTY))
        .withMessageContaining("64");
  }

  @Test
  void deletesTheLeastRecentlyUsed() throws Exception {
    ArtifactCache cache = cache(2500);
    for (int version = 1; version <= 4; version++) {
      String sha256 = stored(version);
      cache.file(table(version), sha256, PLENTY).close();
      age(folder.resolve(sha256), Duration.ofMinutes(60 - version));
    }
    assertThat(entries())
        .containsExactlyInAnyOrder(folder.resolve(stored(3)), folder.resolve(stored(4)));
  }

  @Test
  void aUseCountsFromTheLastTime() throws Exception {
    ArtifactCache cache = cache(2500);
    for (int version = 1; version <= 2; version++) {
      cache.file(table(version), stored(version), PLENTY).close();
      age(folder.resolve(stored(version)), Duration.ofHours(3 - version));
    }
    cache.file(table(1), stored(1), PLENTY).close();
    cache.file(table(3), stored(3), PLENTY).close();
    assertThat(entries())
        .containsExactlyInAnyOrder(folder.resolve(stored(1)), folder.resolve(stored(3)));
  }

  @Test
  void deletesNothingThatIsInUse() throws Exception {
    ArtifactCache cache = cache(0);
    try (var used = cache.file(table(1), stored(1), PLENTY)) {
      age(used.content(), Duration.ofHours(1));
      cache.file(table(2), stored(2), PLENTY).close();
      assertThat(used.content()).hasContent("v1".repeat(500));
    }
    age(folder.resolve(stored(1)), Duration.ofHours(1));
    cache.file(table(3), stored(3), PLENTY).close();
    assertThat(folder.resolve(stored(1))).doesNotExist();
  }

  @Test
  void deletesNothingThatIsPinned() throws Exception {
    ArtifactCache cache = cache(0);
    cache.file(table(1), stored(1), PLENTY).close();
    age(folder.resolve(stored(1)), Duration.ofHours(1));
    try (var first = cache.pin(stored(1));
        var second = cache.pin(stored(1))) {
      second.close();
      second.close();
      cache.file(table(2), stored(2), PLENTY).close();
      assertThat(folder.resolve(stored(1))).exists();
    }
    cache.file(table(3), stored(3), PLENTY).close();
    assertThat(folder.resolve(stored(1))).doesNotExist();
  }

  @Test
  void deletesNothingThatAnotherProcessMayUse() throws Exception {
    cache(PLENTY).file(table(1), stored(1), PLENTY).close();
    age(folder.resolve(stored(1)), Duration.ofMinutes(9));
    cache(0).file(table(2), stored(2), PLENTY).close();
    assertThat(folder.resolve(stored(1))).exists();
  }

  @Test
  void hidesTheDraftOfAKilledProcessAndDeletesItLater() throws Exception {
    String sha256 = stored(1);
    Process killed =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                KilledInDownload.class.getName(),
                server.uri().toString(),
                folder.toString(),
                sha256)
            .redirectErrorStream(true)
            .start();
    assertThat(killed.inputReader().readLine()).isEqualTo("downloaded");
    killed.destroyForcibly();
    assertThat(killed.waitFor(30, TimeUnit.SECONDS)).isTrue();

    assertThat(entries())
        .singleElement()
        .satisfies(left -> assertThat(left).hasContent("v1".repeat(500)));
    Path left = entries().getFirst();
    assertThat(left.getFileName().toString()).isNotEqualTo(sha256);
    try (var copy = cache(PLENTY).file(table(1), sha256, PLENTY)) {
      assertThat(copy.content()).hasFileName(sha256);
    }
    assertThat(server.calls).hasSize(2);
    assertThat(left).exists();

    age(left, Duration.ofHours(2));
    assertThat(cache(PLENTY)).isNotNull();
    assertThat(entries()).containsExactly(folder.resolve(sha256));
  }

  /** Downloads whole and is killed before the rename. */
  static final class KilledInDownload {

    private KilledInDownload() {}

    public static void main(String[] args) throws Exception {
      ArtifactSettings settings =
          new ArtifactSettings(
              java.net.URI.create(args[0]),
              Duration.ofSeconds(5),
              Duration.ofSeconds(5),
              Duration.ZERO,
              new ArtifactSettings.Cache(
                  null, org.springframework.util.unit.DataSize.ofGigabytes(1)));
      ArtifactClient client = new ArtifactClient(settings);
      ArtifactCache cache = new ArtifactCache(client, Path.of(args[1]), PLENTY);
      cache.entry(
          args[2],
          draft -> {
            client.download(table(1), args[2], PLENTY, draft);
            System.out.println("downloaded");
            Thread.sleep(Duration.ofMinutes(5));
          },
          entry -> entry);
    }
  }

  @Test
  void keepsFolders() throws Exception {
    byte[] part = "part".getBytes(StandardCharsets.UTF_8);
    String name = "cd".repeat(32);
    ArtifactCache cache = cache(PLENTY);
    ArtifactCache.Fetch fetch =
        draft -> {
          Files.createDirectory(draft);
          Files.write(draft.resolve("part"), part);
        };
    try (var copy = cache.entry(name, fetch, entry -> Files.readString(entry.resolve("part")))) {
      assertThat(copy.content()).isEqualTo("part");
    }
    assertThatThrownBy(
            () ->
                cache.entry(
                    name,
                    draft -> {
                      throw new ArtifactCorrupt("gone");
                    },
                    entry -> {
                      throw new IllegalStateException("damaged");
                    }))
        .hasMessage("gone");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void ignoresWhatOtherVersionsLeftUntilItsTurnComes() throws Exception {
    Files.createDirectories(folder.resolve("package-old"));
    Files.write(folder.resolve("package-old/model.onnx"), new byte[2000]);
    age(folder.resolve("package-old"), Duration.ofDays(1));
    cache(PLENTY).file(table(1), stored(1), PLENTY).close();
    assertThat(folder.resolve("package-old/model.onnx")).exists();
    cache(1500).file(table(2), stored(2), PLENTY).close();
    assertThat(folder.resolve("package-old")).doesNotExist();
  }
}
