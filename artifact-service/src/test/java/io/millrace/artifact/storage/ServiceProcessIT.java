package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.ArtifactService;
import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service as a process of its own, with the heap of a small container, and killed. */
class ServiceProcessIT {

  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";
  private static final long LARGE = 300L << 20;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void streamsLargeFilesInASmallHeapAndRemovesWhatAKillLeaves(@TempDir Path logs) throws Exception {
    FreshDatabase database = EmbeddedPlatform.shared().freshDatabase();
    Bucket bucket = new Bucket(database.name().replace('_', '-'));
    int port = freePort();
    Process service = start(database, port, logs.resolve("first.log"));
    try {
      awaitReady(port);
      assertThat(upload(port, "/1/large.bin", LARGE).statusCode()).isEqualTo(200);
      HttpResponse<InputStream> read =
          http.send(
              HttpRequest.newBuilder(uri(port, PROXY + "/1/large.bin")).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (DigestInputStream body = new DigestInputStream(read.body(), digest)) {
        assertThat(body.transferTo(java.io.OutputStream.nullOutputStream())).isEqualTo(LARGE);
      }
      assertThat(read.headers().firstValue("ETag"))
          .contains("\"" + HexFormat.of().formatHex(digest.digest()) + "\"");
      List<String> before = bucket.keys();

      try (Socket sender = new Socket(InetAddress.getLoopbackAddress(), port)) {
        sender
            .getOutputStream()
            .write(
                ("PUT "
                        + PROXY
                        + "/1/killed.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        sender.getOutputStream().write(new byte[40_000_000]);
        service.destroyForcibly().waitFor();
      }
      service = start(database, port, logs.resolve("second.log"));
      awaitReady(port);
      await("leftovers of the killed process removed")
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  Files.readString(logs.resolve("second.log"))
                      .contains("objects that nothing refers to"));
      assertThat(bucket.keys()).isEqualTo(before);
      assertThat(
              http.send(
                      HttpRequest.newBuilder(uri(port, PROXY + "/1/killed.bin")).build(),
                      HttpResponse.BodyHandlers.discarding())
                  .statusCode())
          .isEqualTo(404);
    } catch (AssertionError | Exception e) {
      try (var files = Files.list(logs)) {
        for (Path log : files.toList()) {
          System.err.println(log + "\n" + Files.readString(log));
        }
      }
      throw e;
    } finally {
      service.destroyForcibly().waitFor();
    }
  }

  private Process start(FreshDatabase database, int port, Path log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx96m",
                "-XX:MaxDirectMemorySize=64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                ArtifactService.class.getName()));
    RunningService.properties(
            database,
            Map.of("server.port", Integer.toString(port), "millrace.s3.upload-memory", "24MB"))
        .forEach((key, value) -> command.add("--" + key + "=" + value));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private void awaitReady(int port) {
    await("ready")
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(
            () ->
                http.send(
                            HttpRequest.newBuilder(uri(port, "/actuator/health/readiness")).build(),
                            HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                    == 200);
  }

  private HttpResponse<String> upload(int port, String path, long size) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(port, PROXY + path))
            .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> new Noise(size)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Bytes that repeat a block of noise with a counter in it. */
  private static final class Noise extends InputStream {
    private final byte[] block = new byte[64 * 1024];
    private long left;

    Noise(long size) {
      left = size;
      new SplittableRandom(7).nextBytes(block);
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int count = (int) Math.min(Math.min(length, block.length), left);
      block[(int) (left % block.length)]++;
      System.arraycopy(block, 0, bytes, offset, count);
      left -= count;
      return count;
    }
  }
}
