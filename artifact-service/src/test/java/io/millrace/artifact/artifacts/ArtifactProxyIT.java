package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.database.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** tracking-service is stood in by a small HTTP server that knows two runs. */
class ArtifactProxyIT {

  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";

  private static HttpServer tracking;
  private static RunningService service;
  private static Bucket bucket;

  @BeforeAll
  static void start() throws IOException {
    tracking = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    tracking.createContext(
        "/api/2.0/mlflow/runs/get",
        exchange -> {
          String query = exchange.getRequestURI().getQuery();
          String body =
              switch (query) {
                case "run_id=run1" ->
                    "{\"run\":{\"info\":{\"artifact_uri\":\"mlflow-artifacts:/7/run1/artifacts\"}}}";
                case "run_id=elsewhere" ->
                    "{\"run\":{\"info\":{\"artifact_uri\":\"s3://other/7\"}}}";
                default ->
                    "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"Run not found\"}";
              };
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.startsWith("{\"run") ? 200 : 404, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    tracking.start();
    service =
        RunningService.startSweeping(
            Map.of("millrace.tracking.uri", "http://127.0.0.1:" + tracking.getAddress().getPort()));
    bucket = service.bucket();
  }

  @AfterAll
  static void stop() {
    service.close();
    tracking.stop(0);
  }

  @Test
  void givesBackWhatWasStored() {
    byte[] bytes = random(3_000_000);
    Answer stored = service.put(PROXY + "/1/a/artifacts/model%20x/m.onnx", bytes);
    assertThat(stored.status()).isEqualTo(200);
    assertThat(stored.text()).isEqualTo("{}");

    Answer read = service.get(PROXY + "/1/a/artifacts/model%20x/m.onnx");
    assertThat(read.response().body()).isEqualTo(bytes);
    assertThat(read.header("Content-Length")).isEqualTo("3000000");
    assertThat(read.header("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(read.header("Content-Disposition")).startsWith("attachment;");
    assertThat(read.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(read.header("Repr-Digest")).startsWith("sha-256=:");
    String etag = read.header("ETag");
    assertThat(etag).matches("\"[0-9a-f]{64}\"");
    assertThat(
            service.get(PROXY + "/1/a/artifacts/model%20x/m.onnx", "If-None-Match", etag).status())
        .isEqualTo(304);
    Answer head = service.head(PROXY + "/1/a/artifacts/model%20x/m.onnx");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Length")).isEqualTo("3000000");
    assertThat(
            service
                .get("/ajax-api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/model%20x/m.onnx")
                .status())
        .isEqualTo(200);
  }

  @Test
  void keepsEmptyFilesAndTextTypes() {
    service.put(PROXY + "/1/empty/MLmodel", new byte[0]);
    Answer read = service.get(PROXY + "/1/empty/MLmodel");
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.response().body()).isEmpty();
    assertThat(read.header("Content-Type")).startsWith("text/plain");
  }

  @Test
  void replacesAFileAndRemovesTheOldBytes() {
    service.put(PROXY + "/1/replaced/x.txt", "one".getBytes(StandardCharsets.UTF_8));
    String old = objectKey("1/replaced/x.txt");
    service.put(PROXY + "/1/replaced/x.txt", "two".getBytes(StandardCharsets.UTF_8));
    assertThat(service.get(PROXY + "/1/replaced/x.txt").text()).isEqualTo("two");
    await("old object removed").until(() -> !bucket.keys().contains(old));
  }

  @Test
  void keepsOneOfManyWritersAtOnceAndNoLeftovers() throws Exception {
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls =
          java.util.stream.IntStream.range(0, 12)
              .<Callable<Integer>>mapToObj(
                  i ->
                      () ->
                          service
                              .put(
                                  PROXY + "/1/race/x",
                                  ("writer " + i).getBytes(StandardCharsets.UTF_8))
                              .status())
              .toList();
      for (Future<Integer> call : writers.invokeAll(calls)) {
        assertThat(call.get()).isEqualTo(200);
      }
    }
    assertThat(service.get(PROXY + "/1/race/x").text()).startsWith("writer ");
    await("eleven objects removed").until(() -> unreferenced() == 0);
  }

  @Test
  void listsAFolderWithoutItsDepths() {
    for (String file : List.of("b.txt", "d-1", "d/x/deep.bin", "d/y.bin", "a.txt")) {
      service.put(PROXY + "/7/run1/artifacts/" + file, file.getBytes(StandardCharsets.UTF_8));
    }
    Answer listed = service.get(PROXY + "?path=7/run1/artifacts");
    assertThat(listed.text())
        .isEqualTo(
            """
            {"files":[{"path":"a.txt","is_dir":false,"file_size":5},{"path":"b.txt","is_dir":false,"file_size":5},\
            {"path":"d","is_dir":true},{"path":"d-1","is_dir":false,"file_size":3}]}""");
    assertThat(service.get(PROXY + "?path=7/run1/none").text()).isEqualTo("{}");
    assertThat(service.get(PROXY + "?path=7/run1/artifacts/a.txt").text()).isEqualTo("{}");
    assertThat(service.get(PROXY).json().path("files").toString()).contains("\"path\":\"7\"");

    Answer ofRun = service.get("/api/2.0/mlflow/artifacts/list?run_id=run1&path=d");
    assertThat(ofRun.text())
        .isEqualTo(
            """
            {"root_uri":"mlflow-artifacts:/7/run1/artifacts","files":[{"path":"d/x","is_dir":true},\
            {"path":"d/y.bin","is_dir":false,"file_size":7}]}""");
    assertThat(service.get("/api/2.0/mlflow/artifacts/list?run_id=none").status()).isEqualTo(404);
    assertThat(service.get("/api/2.0/mlflow/artifacts/list?run_id=elsewhere").status())
        .isEqualTo(400);
    assertThat(service.get("/api/2.0/mlflow/artifacts/list").json().path("error_code").asString())
        .isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(service.get("/api/2.0/mlflow/artifacts/list?run_id=run1&path=../x").status())
        .isEqualTo(400);
  }

  @Test
  void pagesThroughALargeFolder() {
    for (String file : List.of("a", "b/1", "b/2", "b-", "c", "漢/1", "😀")) {
      service.bean(Artifacts.class);
      service.put(
          PROXY
              + "/1/pages/"
              + java.net.URLEncoder.encode(file, StandardCharsets.UTF_8).replace("%2F", "/"),
          new byte[] {1});
    }
    Artifacts artifacts = service.bean(Artifacts.class);
    java.util.List<String> names = new java.util.ArrayList<>();
    String from = "";
    do {
      Artifacts.Listing page = artifacts.list(ArtifactPath.ofFolder("1/pages"), from, 2);
      page.entries().forEach(entry -> names.add(entry.name()));
      from = page.next();
    } while (from != null);
    assertThat(names).containsExactlyInAnyOrder("a", "b", "b-", "c", "漢", "😀");
  }

  @Test
  void deletesAFileOrATree() {
    for (String file : List.of("t/1", "t/2/3", "t2")) {
      service.put(PROXY + "/1/del/" + file, new byte[] {1});
    }
    assertThat(service.delete(PROXY + "/1/del/t").text()).isEqualTo("{}");
    assertThat(service.get(PROXY + "/1/del/t/2/3").status()).isEqualTo(404);
    assertThat(service.get(PROXY + "/1/del/t2").status()).isEqualTo(200);
    assertThat(service.delete(PROXY + "/1/del/none").status()).isEqualTo(200);
    await("objects removed").until(() -> unreferenced() == 0);
  }

  @Test
  void saysWhatIsMissing() {
    Answer missing = service.get(PROXY + "/1/none/x");
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.json().path("error_code").asString()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    service.put(PROXY + "/1/folder/x", new byte[] {1});
    assertThat(service.get(PROXY + "/1/folder").json().path("message").asString())
        .contains("is a folder");
    assertThat(service.head(PROXY + "/1/none/x").status()).isEqualTo(404);
  }

  @Test
  void refusesAFileBelowAFileAndOverAFolder() {
    service.put(PROXY + "/1/conflict/file", new byte[] {1});
    Answer below = service.put(PROXY + "/1/conflict/file/below", new byte[] {1});
    assertThat(below.status()).isEqualTo(400);
    assertThat(below.json().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(service.put(PROXY + "/1/conflict", new byte[] {1}).status()).isEqualTo(400);
    await("refused objects removed").until(() -> unreferenced() == 0);
  }

  @Test
  void keepsTheFileOfALaterAttempt() {
    service.put(PROXY + "/1/attempts/m", new byte[] {2}, "Millrace-Attempt", "2");
    Answer late = service.put(PROXY + "/1/attempts/m", new byte[] {1}, "Millrace-Attempt", "1");
    assertThat(late.status()).isEqualTo(409);
    assertThat(service.get(PROXY + "/1/attempts/m").response().body()).containsExactly(2);
    assertThat(
            service.put(PROXY + "/1/attempts/m", new byte[] {3}, "Millrace-Attempt", "3").status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../etc/passwd",
        "/1/%2e%2e/%2e%2e/x",
        "/1/%252e%252e/x",
        "/%2Fetc",
        "/1/a%00b",
        "/1/a%0ab",
        "/1/a%5c..%5cb",
        "/1//x",
        "/1/a%23b",
        "/C:/x",
        "/1/%ff"
      })
  void writesNothingUnderADangerousName(String path) throws IOException {
    String answer = raw("PUT " + PROXY + path + " HTTP/1.1\r\nContent-Length: 1\r\n", "x");
    assertThat(answer).startsWith("HTTP/1.1 40");
    if (answer.contains("error_code")) {
      assertThat(answer).contains("INVALID_PARAMETER_VALUE").contains("Invalid path");
    }
    assertThat(service.get(PROXY + "?path=etc").text()).isEqualTo("{}");
  }

  @Test
  void refusesAnOverLongName() {
    Answer refused = service.put(PROXY + "/1/" + "x".repeat(256), new byte[] {1});
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("message").asString()).contains("longer than 255 bytes");
  }

  @Test
  void showsNothingOfAnUploadThatBreaks() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket
          .getOutputStream()
          .write(
              ("PUT "
                      + PROXY
                      + "/1/broken/known HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(new byte[20_000_000]);
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket
          .getOutputStream()
          .write(
              ("PUT "
                      + PROXY
                      + "/1/broken/chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + "1000000\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(new byte[12_000_000]);
    }
    await("uploads given up and removed")
        .pollDelay(Duration.ofMillis(500))
        .until(() -> unreferenced() == 0);
    assertThat(service.get(PROXY + "?path=1/broken").text()).isEqualTo("{}");
    assertThat(service.get(PROXY + "/1/broken/known").status()).isEqualTo(404);
    assertThat(service.get(PROXY + "/1/broken/chunked").status()).isEqualTo(404);
  }

  @Test
  void refusesBytesThatAreNotTheDeclaredOnes() {
    Answer refused =
        service.put(PROXY + "/1/declared/x", new byte[] {1}, "Millrace-Sha256", "ab".repeat(32));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("message").asString()).contains("send the same file again");
    assertThat(service.get(PROXY + "/1/declared/x").status()).isEqualTo(404);
    assertThat(
            service.put(PROXY + "/1/declared/x", new byte[] {1}, "Millrace-Sha256", "no").status())
        .isEqualTo(400);
  }

  @Test
  void neverHandsOutDamagedBytesToTheEnd() {
    byte[] small = random(1000);
    service.put(PROXY + "/1/damaged/small", small);
    small[500]++;
    bucket.overwrite(objectKey("1/damaged/small"), small);
    Answer refused = service.get(PROXY + "/1/damaged/small");
    assertThat(refused.status()).isEqualTo(500);
    assertThat(refused.json().path("error_code").asString()).isEqualTo("DATA_LOSS");

    byte[] large = random(2_000_000);
    service.put(PROXY + "/1/damaged/large", large);
    large[1_999_999]++;
    bucket.overwrite(objectKey("1/damaged/large"), large);
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> service.get(PROXY + "/1/damaged/large"));
    await("marked")
        .untilAsserted(
            () ->
                assertThat(
                        service
                            .bean(Database.class)
                            .<List<String>>read(
                                tx ->
                                    tx.query(
                                        "select path from artifacts where corrupt_since is not null order by path",
                                        row -> row.string("path"))))
                    .contains("1/damaged/large", "1/damaged/small"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1_999_999, 2_000_001, 5_000_000})
  void neverHandsOutAnObjectOfAnotherSizeToTheEnd(int size) {
    byte[] bytes = random(2_000_000);
    String path = "1/damaged/as-" + size;
    service.put(PROXY + "/" + path, bytes);
    bucket.overwrite(objectKey(path), Arrays.copyOf(bytes, size));
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> service.get(PROXY + "/" + path));
  }

  private static String objectKey(String path) {
    return service
        .bean(Database.class)
        .read(
            tx ->
                tx.queryOne(
                        "select object_key from artifacts where path = $1",
                        row -> row.string("object_key"),
                        path)
                    .orElseThrow());
  }

  private static long unreferenced() {
    return service
        .bean(Database.class)
        .read(
            tx ->
                tx.queryOne(
                        "select count(*) as found from unreferenced_objects",
                        row -> row.int8("found"))
                    .orElseThrow());
  }

  private static String raw(String head, String body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              (head + "Host: x\r\nConnection: close\r\n\r\n" + body)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
