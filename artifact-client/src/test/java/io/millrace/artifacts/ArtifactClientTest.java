package io.millrace.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.artifacts.ArtifactServer.Fault.Cut;
import io.millrace.artifacts.ArtifactServer.Fault.Stall;
import io.millrace.artifacts.ArtifactServer.Fault.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against a server with faults. */
class ArtifactClientTest {

  private static final ArtifactUri.Proxied MODEL =
      ArtifactUri.Proxied.parse("mlflow-artifacts:/1/run/artifacts/model/model.onnx");
  private static final long PLENTY = 1 << 20;

  @TempDir Path work;
  private ArtifactServer server;
  private ArtifactClient client;
  private byte[] content;
  private String sha256;

  @BeforeEach
  void start() throws IOException {
    server = new ArtifactServer();
    client = client(Duration.ofSeconds(10), Duration.ofSeconds(10));
    content = new byte[300_000];
    new Random(1).nextBytes(content);
    sha256 = server.put(MODEL, content);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private ArtifactClient client(Duration timeout, Duration patience) {
    return new ArtifactClient(server.settings(timeout, patience));
  }

  private Path target() {
    return work.resolve("target");
  }

  @Test
  void downloadsAFile() throws Exception {
    client.download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(client.read(MODEL, sha256, PLENTY)).isEqualTo(content);
    assertThat(server.calls).hasSize(2);
  }

  @Test
  void downloadsAnEmptyFile() throws Exception {
    String none = server.put(MODEL, new byte[0]);
    client.download(MODEL, none, 0, target());
    assertThat(target()).isEmptyFile();
  }

  @Test
  void resumesWhereTheConnectionWasCut() throws Exception {
    server.fail(new Cut(100_000), new Cut(50_000));
    client.download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(server.ranges).hasSize(2).doesNotHaveDuplicates();
    assertThat(server.ranges).allMatch(range -> !range.equals("bytes=0-"));
    assertThat(server.headers.getLast().get("If-range")).isEqualTo(List.of('"' + sha256 + '"'));
  }

  @Test
  void startsAgainWhereTheServerHasNoRanges() throws Exception {
    server.hasRanges = false;
    server.fail(new Cut(100_000));
    client.download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(server.ranges).hasSize(1);
  }

  @Test
  void mixesNoBytesOfTwoContents() {
    server.fail(new Cut(100_000));
    byte[] other = content.clone();
    other[299_999] ^= 1;
    server.put(MODEL, other);
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> client.download(MODEL, sha256, PLENTY, target()))
        .withMessageContaining(Sha256.of(other));
  }

  @Test
  void endsAReadThatStalls() throws Exception {
    server.fail(new Stall(100_000));
    client(Duration.ofMillis(500), Duration.ofSeconds(10))
        .download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(server.ranges).hasSize(1);
  }

  @Test
  void retriesWhileTheServiceIsUnavailable() throws Exception {
    server.fail(new Status(503, ""), new Status(429, ""), new Status(500, "{}"));
    client.download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(server.calls).hasSize(4);
  }

  @Test
  void givesUpWhenThePatienceEnds() {
    server.fail(Collections.nCopies(1000, new Status(503, "")).toArray(Status[]::new));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(
            () ->
                client(Duration.ofSeconds(1), Duration.ofMillis(700))
                    .download(MODEL, sha256, PLENTY, target()))
        .withMessageContaining("did not answer")
        .withMessageContaining("HTTP 503");
    assertThat(server.calls).hasSizeBetween(3, 8);
  }

  @Test
  void givesUpWhereEachAttemptBreaksAtTheSameByte() {
    server.hasRanges = false;
    server.fail(Collections.nCopies(1000, new Cut(100_000)).toArray(Cut[]::new));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(
            () ->
                client(Duration.ofSeconds(1), Duration.ofMillis(700))
                    .download(MODEL, sha256, PLENTY, target()));
  }

  @Test
  void goesOnLongerThanItsPatienceWhileBytesArrive() throws Exception {
    server.fail(Collections.nCopies(25, new Cut(10_000)).toArray(Cut[]::new));
    long began = System.nanoTime();
    Duration patience = Duration.ofMillis(700);
    client(Duration.ofSeconds(1), patience).download(MODEL, sha256, PLENTY, target());
    assertThat(target()).hasBinaryContent(content);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(patience.multipliedBy(2));
    assertThat(server.ranges).hasSize(25);
  }

  @Test
  void makesOneAttemptWithoutPatience() {
    server.fail(new Status(503, ""));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(
            () ->
                client(Duration.ofSeconds(1), Duration.ZERO)
                    .download(MODEL, sha256, PLENTY, target()));
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void doesNotRetryWhatIsRefused() {
    ArtifactUri.Proxied absent = MODEL.sibling("absent");
    assertThatExceptionOfType(ArtifactRefused.class)
        .isThrownBy(() -> client.download(absent, sha256, PLENTY, target()))
        .satisfies(
            e -> {
              assertThat(e.status()).isEqualTo(404);
              assertThat(e.code()).isEqualTo("not-here");
              assertThat(e.detail()).isEqualTo("there is no " + absent.resource());
            });
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void refusesAnotherDigest() {
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> client.download(MODEL, "ab".repeat(32), PLENTY, target()))
        .withMessageContaining("SHA-256 " + sha256);
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void refusesMoreBytesThanExpected() {
    assertThatExceptionOfType(ArtifactCorrupt.class)
        .isThrownBy(() -> client.download(MODEL, sha256, 3, target()))
        .withMessageContaining("more than the 3 bytes");
    assertThat(target().toFile().length()).isLessThanOrEqualTo(3);
  }

  @Test
  void doesNotRetryAFileThatCannotBeWritten() {
    assertThatThrownBy(
            () -> client.download(MODEL, sha256, PLENTY, work.resolve("no/folder/target")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("disk space");
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void endsAtAnInterrupt() throws Exception {
    server.fail(new Stall(1000));
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread worker =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    client.download(MODEL, sha256, PLENTY, target());
                    ended.complete(null);
                  } catch (Throwable e) {
                    ended.complete(e);
                  }
                });
    while (target().toFile().length() < 1000) {
      Thread.onSpinWait();
    }
    worker.interrupt();
    assertThat(ended.get()).isInstanceOf(InterruptedException.class);
  }

  @Test
  void uploadsAFileWithItsDigestAndAttempt() throws Exception {
    Path file = Files.write(work.resolve("a"), content);
    ArtifactUri.Proxied to = MODEL.sibling("nested/a b.txt");
    server.fail(new Status(503, ""));
    client.upload(file, to, 3, Duration.ofSeconds(5));
    assertThat(server.get(to)).isEqualTo(content);
    assertThat(server.calls)
        .containsOnly(
            "PUT /api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/model/nested/a%20b.txt")
        .hasSize(2);
    assertThat(server.headers.getLast().get("Millrace-sha256")).isEqualTo(List.of(sha256));
    assertThat(server.headers.getLast().get("Millrace-attempt")).isEqualTo(List.of("3"));
  }

  @Test
  void uploadsADocumentOnce() throws Exception {
    ArtifactUri.Proxied to = MODEL.sibling("report.json");
    client.upload("{}".getBytes(), "application/json", to);
    assertThat(server.get(to)).asString().isEqualTo("{}");
    server.fail(new Status(503, ""));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(() -> client.upload("{}".getBytes(), "application/json", to));
    assertThat(server.calls).hasSize(2);
  }

  @Test
  void saysWhyAnUploadIsRefused() throws Exception {
    Path file = Files.write(work.resolve("a"), content);
    server.fail(new Status(409, "{\"error_code\":\"LATER\",\"message\":\"a later attempt\"}"));
    assertThatExceptionOfType(ArtifactRefused.class)
        .isThrownBy(() -> client.upload(file, MODEL, 1, Duration.ofSeconds(5)))
        .withMessageContaining("a later attempt")
        .satisfies(e -> assertThat(e.status()).isEqualTo(409))
        .satisfies(e -> assertThat(e.code()).isEqualTo("LATER"));
  }

  @Test
  void downloadsTheTableOfADatasetVersion() throws Exception {
    ArtifactUri table = ArtifactUri.parse("dataset:/iris/3");
    String of = server.put(table, content);
    client.download(table, of, PLENTY, target());
    assertThat(server.calls).containsExactly("GET /api/v1/datasets/iris/versions/3/content");
  }
}
