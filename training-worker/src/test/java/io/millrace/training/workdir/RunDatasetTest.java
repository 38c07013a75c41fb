package io.millrace.training.workdir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactCorrupt;
import io.millrace.artifacts.ArtifactRefused;
import io.millrace.artifacts.ArtifactSettings;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.training.StandIn;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

/** The dataset of a run, from the cache that all runs share. */
class RunDatasetTest {

  @TempDir Path root;
  private StandIn services;
  private ArtifactClient client;
  private ArtifactCache cache;
  private WorkDirectory directory;

  @BeforeEach
  void start() throws Exception {
    services = new StandIn();
    client =
        new ArtifactClient(
            new ArtifactSettings(
                URI.create(services.uri()),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofMillis(200),
                new ArtifactSettings.Cache(null, DataSize.ofBytes(0))));
    cache = new ArtifactCache(client, root.resolve("datasets"), 25);
    directory = new WorkDirectory(new WorkSettings(root));
  }

  @AfterEach
  void stop() {
    client.close();
    services.close();
  }

  private RunDirectory provided(String dataset, String sha256) throws Exception {
    RunDirectory run = directory.open(dataset, 1);
    try (var cached = cache.file(new ArtifactUri.Dataset(dataset, 1), sha256, 1000)) {
      run.provideDataset(cached.content());
    }
    return run;
  }

  @Test
  void isDownloadedOnceAndAgainWhereATrainerDamagedTheCopy() throws Exception {
    String sha256 = services.dataset("one", "a,b\n1,2\n");
    RunDirectory first = provided("one", sha256);
    RunDirectory second = provided("one", sha256);
    assertThat(second.dataset()).hasContent("a,b\n1,2\n");
    assertThat(services.calls()).hasSize(1);
    Files.writeString(first.dataset(), "a,b\n9,9\n");
    RunDirectory third = provided("one", sha256);
    assertThat(third.dataset()).hasContent("a,b\n1,2\n");
    assertThat(services.calls()).hasSize(2);
  }

  @Test
  void outlivesTheCachedCopy() throws Exception {
    String one = services.dataset("one", "a,b\n1,2\n3,4\n");
    RunDirectory first = provided("one", one);
    Files.setLastModifiedTime(root.resolve("datasets/" + one), FileTime.fromMillis(1_000));
    String two = services.dataset("two", "a,b\n5,6\n7,8\n9,9\n");
    provided("two", two);
    assertThat(root.resolve("datasets/" + one)).doesNotExist();
    assertThat(root.resolve("datasets/" + two)).exists();
    assertThat(first.dataset()).hasContent("a,b\n1,2\n3,4\n");
  }

  @Test
  void isNeverAnotherOne() {
    services.dataset("one", "a,b\n1,2\n");
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> provided("one", "ab".repeat(32)))
        .withMessageContaining("SHA-256");
    assertThat(root.resolve("datasets")).isEmptyDirectory();
    assertThatExceptionOfType(ArtifactRefused.class)
        .isThrownBy(() -> provided("none", "ab".repeat(32)));
    assertThat(root.resolve("datasets")).isEmptyDirectory();
  }
}
