package io.millrace.training.workdir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.millrace.training.StandIn;
import io.millrace.training.services.Artifacts;
import io.millrace.training.services.ServiceRefused;
import io.millrace.training.services.ServiceUnavailable;
import io.millrace.training.services.Services;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

class DatasetCacheTest {

  @TempDir Path root;
  private StandIn services;
  private DatasetCache cache;

  @BeforeEach
  void start() throws Exception {
    services = new StandIn();
    WorkSettings settings = new WorkSettings(root, DataSize.ofBytes(25));
    Artifacts artifacts = Services.artifacts(services.uri(), Duration.ofMillis(200));
    cache = new DatasetCache(new WorkDirectory(settings), settings, artifacts);
  }

  @AfterEach
  void stop() {
    services.close();
  }

  @Test
  void fetchesOnceAndAgainWhereTheCopyIsDamaged() throws Exception {
    String sha256 = services.dataset("one", "a,b\n1,2\n");
    cache.provide("one", 1, sha256, root.resolve("first.csv"));
    cache.provide("one", 1, sha256, root.resolve("second.csv"));
    assertThat(root.resolve("second.csv")).hasContent("a,b\n1,2\n");
    assertThat(services.calls()).hasSize(1);
    Files.writeString(root.resolve("first.csv"), "a,b\n9,9\n");
    cache.provide("one", 1, sha256, root.resolve("third.csv"));
    assertThat(root.resolve("third.csv")).hasContent("a,b\n1,2\n");
    assertThat(services.calls()).hasSize(2);
  }

  @Test
  void dropsWhatWasUsedLongestAgoAndKeepsTheRunsOwnFile() throws Exception {
    String one = services.dataset("one", "a,b\n1,2\n3,4\n");
    cache.provide("one", 1, one, root.resolve("one.csv"));
    Files.setLastModifiedTime(
        root.resolve("datasets/" + one + ".csv"),
        java.nio.file.attribute.FileTime.fromMillis(1_000));
    String two = services.dataset("two", "a,b\n5,6\n7,8\n9,9\n");
    cache.provide("two", 1, two, root.resolve("two.csv"));
    assertThat(root.resolve("datasets/" + one + ".csv")).doesNotExist();
    assertThat(root.resolve("datasets/" + two + ".csv")).exists();
    assertThat(root.resolve("one.csv")).hasContent("a,b\n1,2\n3,4\n");
  }

  @Test
  void takesNoOtherBytesThanThoseAskedFor() {
    services.dataset("one", "a,b\n1,2\n");
    assertThatExceptionOfType(ServiceUnavailable.class)
        .isThrownBy(() -> cache.provide("one", 1, "ab".repeat(32), root.resolve("x.csv")))
        .withMessageContaining("SHA-256");
    assertThat(root.resolve("x.csv")).doesNotExist();
    assertThat(root.resolve("datasets")).isEmptyDirectory();
    assertThatExceptionOfType(ServiceRefused.class)
        .isThrownBy(() -> cache.provide("none", 1, "ab".repeat(32), root.resolve("x.csv")));
  }
}
