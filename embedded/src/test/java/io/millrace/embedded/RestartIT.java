package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestartIT {

  private static final Path BINARIES = binaries();

  @TempDir Path data;

  @Test
  void keepsEverythingAcrossRestartsAndClosesQuickly() throws Exception {
    Set<String> ready = new ConcurrentSkipListSet<>();
    long closing;
    try (var platform =
        EmbeddedPlatform.start(
            settings().withListener((part, address, took) -> ready.add(part + "@" + address)))) {
      leaveEvidence(platform);
      assertThat(ready)
          .containsExactlyInAnyOrder(
              "kafka@" + platform.kafkaBootstrap(),
              "postgres@127.0.0.1:" + platform.postgres().port(),
              "s3@" + platform.s3Endpoint().substring("http://".length()));
      closing = System.nanoTime();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - closing)).isLessThan(Duration.ofSeconds(3));
    assertThat(data.resolve("postgres/data/postmaster.pid")).doesNotExist();

    try (var platform = EmbeddedPlatform.start(settings())) {
      assertThat(findEvidence(platform)).isEqualTo(Evidence.COMPLETE);
      platform.close();
      platform.close();
    }
  }

  @Test
  void keepsWhatWasAcknowledgedBeforeAKill() throws Exception {
    long survivor;
    try (var child = child("all")) {
      Evidence.leave(
          child.address("kafka"),
          "jdbc:postgresql://" + child.address("postgres") + "/" + EmbeddedPostgres.DATABASE,
          EmbeddedPostgres.password(data),
          "http://" + child.address("s3"),
          EmbeddedS3.keys(data));
      survivor = firstLineAsNumber(data.resolve("postgres/data/postmaster.pid"));
      child.kill();
    }

    try (var platform = EmbeddedPlatform.start(settings())) {
      assertThat(findEvidence(platform)).isEqualTo(Evidence.COMPLETE);
      assertThat(platform.postgres().pid()).isNotEqualTo(survivor);
    }
  }

  @Test
  void runsEachPartAsItsOwnProcessOnOneDirectory() throws Exception {
    var startingS3 = CompletableFuture.supplyAsync(() -> child("s3"));
    var startingPostgres = CompletableFuture.supplyAsync(() -> child("postgres"));
    try (var kafka = child("kafka");
        var s3 = startingS3.join()) {
      String postgresPort;
      try (var postgres = startingPostgres.join()) {
        Evidence.leave(
            kafka.address("kafka"),
            "jdbc:postgresql://" + postgres.address("postgres") + "/" + EmbeddedPostgres.DATABASE,
            EmbeddedPostgres.password(data),
            "http://" + s3.address("s3"),
            EmbeddedS3.keys(data));
        postgresPort = postgres.address("postgres").split(":")[1];
        // The server itself is killed, then the process that looks after it.
        ProcessHandle.of(firstLineAsNumber(data.resolve("postgres/data/postmaster.pid")))
            .orElseThrow()
            .destroyForcibly();
        postgres.kill();
      }
      try (var postgres = child("postgres", "--postgres-port", postgresPort)) {
        assertThat(
                Evidence.find(
                    kafka.address("kafka"),
                    "jdbc:postgresql://"
                        + postgres.address("postgres")
                        + "/"
                        + EmbeddedPostgres.DATABASE,
                    EmbeddedPostgres.password(data),
                    "http://" + s3.address("s3"),
                    EmbeddedS3.keys(data)))
            .isEqualTo(Evidence.COMPLETE);
      }
    }
  }

  @Test
  void namesTheProcessThatHoldsTheDirectory() throws Exception {
    try (var holder = child("s3");
        var second = child("s3")) {
      assertThat(second.process().waitFor()).isEqualTo(1);
      assertThat(second.said())
          .contains(data.toRealPath().toString())
          .contains("in use by process " + holder.process().pid());
      assertThatThrownBy(() -> EmbeddedPlatform.start(settings()))
          .isInstanceOf(EmbeddedStartException.class)
          .hasMessageContaining("in use by process " + holder.process().pid());
    }
  }

  @Test
  void saysWhichPortIsTakenAndLeavesNothingRunning() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThatThrownBy(
              () -> EmbeddedPlatform.start(settings().withPorts(other.getLocalPort(), 0, 0)))
          .isInstanceOf(EmbeddedStartException.class)
          .hasMessageContaining("Kafka cannot listen on 127.0.0.1:" + other.getLocalPort())
          .hasMessageContaining("choose another port");
    }
    assertThat(data.resolve("postgres/data/postmaster.pid")).doesNotExist();
    assertThat(DataDirectory.isHeld(data, "platform")).isFalse();
    assertThat(DataDirectory.isHeld(data, EmbeddedKafka.PART)).isFalse();
    assertThat(DataDirectory.isHeld(data, EmbeddedPostgres.PART)).isFalse();
    assertThat(DataDirectory.isHeld(data, EmbeddedS3.PART)).isFalse();
  }

  @Test
  void usesADatabaseDirectoryAsTheAccountItBelongsTo() throws Exception {
    Path database = Files.createDirectories(data.resolve("postgres/data"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx--x--x"));
    boolean root = (int) Files.getAttribute(data, "unix:uid") == 0;
    if (root) {
      Files.setAttribute(database, "unix:uid", 65_534);
    }
    try (var postgres = EmbeddedPostgres.start(EmbeddedPlatformSettings.in(data));
        var connection = Evidence.connect(postgres.jdbcUrl(), postgres.password())) {
      assertThat(connection.isValid(5)).isTrue();
      int server =
          (int) Files.getAttribute(data.resolve("postgres/data/postmaster.pid"), "unix:uid");
      assertThat(server).isEqualTo(Files.getAttribute(database, "unix:uid"));
    }
  }

  private static Path binaries() {
    try {
      return EmbeddedPlatform.sharedBinaries(Path.of(System.getProperty("java.io.tmpdir")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ChildProcess child(String part, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(part, "--data", data.toString(), "--postgres-binaries", BINARIES.toString()));
    arguments.addAll(List.of(more));
    try {
      return ChildProcess.run(arguments.toArray(String[]::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private EmbeddedPlatformSettings settings() {
    return EmbeddedPlatformSettings.in(data).withPostgresBinaries(BINARIES);
  }

  private static void leaveEvidence(EmbeddedPlatform platform) throws Exception {
    Evidence.leave(
        platform.kafkaBootstrap(),
        platform.jdbcUrl(),
        platform.postgresPassword(),
        platform.s3Endpoint(),
        platform.s3().keys());
  }

  private static Evidence findEvidence(EmbeddedPlatform platform) throws Exception {
    return Evidence.find(
        platform.kafkaBootstrap(),
        platform.jdbcUrl(),
        platform.postgresPassword(),
        platform.s3Endpoint(),
        platform.s3().keys());
  }

  private static long firstLineAsNumber(Path file) throws Exception {
    return Long.parseLong(Files.readAllLines(file).getFirst().strip());
  }
}
