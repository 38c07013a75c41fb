package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.database.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Downloads with ranges and conditions, under every address a file has. */
class ArtifactDownloadIT {

  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";
  private static final int SIZE = 3_500_000;

  private static TrackingStandIn tracking;
  private static RunningService service;
  private static Bucket bucket;
  private static byte[] bytes;
  private static String etag;

  @BeforeAll
  static void start() throws IOException {
    tracking = new TrackingStandIn();
    service = RunningService.start(Map.of("millrace.tracking.uri", tracking.uri()));
    bucket = new Bucket(service.property("millrace.s3.bucket"));
    await("bucket").until(() -> service.get("/actuator/health/readiness").status() == 200);
    bytes = new byte[SIZE];
    new Random(5).nextBytes(bytes);
    service.put(PROXY + "/7/run1/artifacts/model/big.bin", bytes);
    service.put(PROXY + "/7/run1/artifacts/a.txt", "0123456789".getBytes(StandardCharsets.UTF_8));
    service.put(
        PROXY + "/7/models/m-1/artifacts/MLmodel", "flavors:".getBytes(StandardCharsets.UTF_8));
    etag = service.head(PROXY + "/7/run1/artifacts/model/big.bin").header("ETag");
  }

  @AfterAll
  static void stop() {
    service.close();
    tracking.close();
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 1",
    "bytes=0-99, 0, 100",
    "bytes=1048570-1048585, 1048570, 16",
    "bytes=1048576-2097151, 1048576, 1048576",
    "bytes=1000-, 1000, 3499000",
    "bytes=-7, 3499993, 7",
    "bytes=-9999999, 0, 3500000",
    "bytes=3499999-9999999, 3499999, 1"
  })
  void givesTheRangeAskedFor(String range, int first, int length) {
    Answer part = service.get(PROXY + "/7/run1/artifacts/model/big.bin", "Range", range);
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.header("Content-Range"))
        .isEqualTo("bytes %d-%d/%d".formatted(first, first + length - 1, SIZE));
    assertThat(part.header("Content-Length")).isEqualTo(Integer.toString(length));
    assertThat(part.header("ETag")).isEqualTo(etag);
    assertThat(part.response().body()).isEqualTo(Arrays.copyOfRange(bytes, first, first + length));
  }

  @ParameterizedTest
  @CsvSource({"bytes=2-4, 234", "bytes=8-, 89", "bytes=-3, 789"})
  void givesARangeOfASmallFile(String range, String expected) {
    Answer part = service.get(PROXY + "/7/run1/artifacts/a.txt", "Range", range);
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.text()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"bytes=10-", "bytes=10-20", "bytes=-0"})
  void refusesARangeBehindTheEnd(String range) {
    Answer refused = service.get(PROXY + "/7/run1/artifacts/a.txt", "Range", range);
    assertThat(refused.status()).isEqualTo(416);
    assertThat(refused.header("Content-Range")).isEqualTo("bytes */10");
    assertThat(refused.json().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
  }

  @ParameterizedTest
  @CsvSource({"'bytes=0-1,4-5'", "'items=0-1'", "'bytes=5-2'", "'bytes=a-b'", "'bytes=-'"})
  void givesTheWholeFileWhereTheRangeIsNotOne(String range) {
    Answer whole = service.get(PROXY + "/7/run1/artifacts/a.txt", "Range", range);
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.text()).isEqualTo("0123456789");
    assertThat(whole.header("Accept-Ranges")).isEqualTo("bytes");
  }

  @Test
  void keepsToTheConditions() {
    String path = PROXY + "/7/run1/artifacts/a.txt";
    Answer plain = service.get(path);
    String tag = plain.header("ETag");
    String modified = plain.header("Last-Modified");
    assertThat(modified).endsWith("GMT");
    assertThat(service.get(path, "If-None-Match", "\"x\", W/" + tag).status()).isEqualTo(304);
    assertThat(service.get(path, "If-None-Match", "*").status()).isEqualTo(304);
    assertThat(service.get(path, "If-None-Match", "\"x\"").status()).isEqualTo(200);
    assertThat(service.get(path, "If-Modified-Since", modified).status()).isEqualTo(304);
    assertThat(service.get(path, "If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT").status())
        .isEqualTo(200);
    assertThat(service.get(path, "Range", "bytes=0-1", "If-Range", tag).status()).isEqualTo(206);
    assertThat(service.get(path, "Range", "bytes=0-1", "If-Range", modified).status())
        .isEqualTo(206);
    assertThat(service.get(path, "Range", "bytes=0-1", "If-Range", "\"other\"").status())
        .isEqualTo(200);
    assertThat(service.get(path, "Range", "bytes=0-1", "If-Range", "W/" + tag).status())
        .isEqualTo(200);
  }

  @Test
  void checksTheBytesOfARangeAndOfNoOther() {
    byte[] damaged = bytes.clone();
    service.put(PROXY + "/7/run1/artifacts/model/damaged.bin", bytes);
    damaged[2_000_000]++;
    bucket.overwrite(objectKey("7/run1/artifacts/model/damaged.bin"), damaged);
    String path = PROXY + "/7/run1/artifacts/model/damaged.bin";
    assertThat(service.get(path, "Range", "bytes=0-1048575").status()).isEqualTo(206);
    Answer refused = service.get(path, "Range", "bytes=1999999-2000001");
    assertThat(refused.status()).isEqualTo(500);
    assertThat(refused.json().path("error_code").asString()).isEqualTo("DATA_LOSS");
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> service.get(path, "Range", "bytes=0-2000001"));
  }

  @Test
  void givesRangesOfAFileStoredBeforeBlocksWereChecked() {
    service.put(PROXY + "/7/run1/artifacts/model/older.bin", bytes);
    String key = objectKey("7/run1/artifacts/model/older.bin");
    service
        .bean(Database.class)
        .inTransactionVoid(tx -> tx.update("delete from object_blocks where object_key = $1", key));
    assertThat(
            service
                .get(PROXY + "/7/run1/artifacts/model/older.bin", "Range", "bytes=5-9")
                .response()
                .body())
        .isEqualTo(Arrays.copyOfRange(bytes, 5, 10));
  }

  @Test
  void findsAFileByRunModelVersionAndLoggedModel() {
    assertThat(service.get("/get-artifact?run_id=run1&path=a.txt").text()).isEqualTo("0123456789");
    assertThat(service.get("/get-artifact?run_uuid=run1&path=a.txt", "Range", "bytes=1-2").text())
        .isEqualTo("12");
    assertThat(service.head("/get-artifact?run_id=run1&path=a.txt").header("Content-Length"))
        .isEqualTo("10");
    assertThat(service.get("/model-versions/get-artifact?name=a%20b&version=1&path=MLmodel").text())
        .isEqualTo("flavors:");
    assertThat(
            service
                .get("/model-versions/get-artifact?name=a%20b&version=2&path=big.bin")
                .header("ETag"))
        .isEqualTo(etag);
    assertThat(
            service
                .get(
                    "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=MLmodel")
                .header("Content-Disposition"))
        .startsWith("attachment;");
    assertThat(service.get("/api/2.0/mlflow/logged-models/m-1/artifacts/directories").text())
        .isEqualTo(
            "{\"root_uri\":\"mlflow-artifacts:/7/models/m-1/artifacts\",\"files\":[{\"path\":\"MLmodel\",\"is_dir\":false,\"file_size\":8}]}");
  }

  @ParameterizedTest
  @CsvSource({
    "/get-artifact?run_id=run1&path=none, 404, RESOURCE_DOES_NOT_EXIST",
    "/get-artifact?run_id=run1&path=model, 404, RESOURCE_DOES_NOT_EXIST",
    "/get-artifact?run_id=other&path=a.txt, 404, RESOURCE_DOES_NOT_EXIST",
    "/get-artifact?run_id=elsewhere&path=a.txt, 400, INVALID_PARAMETER_VALUE",
    "/get-artifact?run_id=run1, 400, INVALID_PARAMETER_VALUE",
    "/get-artifact?path=a.txt, 400, INVALID_PARAMETER_VALUE",
    "/get-artifact?run_id=run1&path=../x, 400, INVALID_PARAMETER_VALUE",
    "/get-artifact?run_id=run1&path=%252e%252e/x, 400, INVALID_PARAMETER_VALUE",
    "/get-artifact?run_id=run1&path=/etc/passwd, 400, INVALID_PARAMETER_VALUE",
    "/model-versions/get-artifact?name=none&version=1&path=x, 404, RESOURCE_DOES_NOT_EXIST",
    "/model-versions/get-artifact?name=x&path=x, 400, INVALID_PARAMETER_VALUE",
    "/ajax-api/2.0/mlflow/logged-models/m-9/artifacts/files?artifact_file_path=x, 404, RESOURCE_DOES_NOT_EXIST",
    "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files, 400, INVALID_PARAMETER_VALUE",
    "/api/2.0/mlflow-artifacts/presigned/1/none, 404, RESOURCE_DOES_NOT_EXIST",
    "/api/2.0/mlflow-artifacts/signed/7/run1/artifacts/a.txt, 403, PERMISSION_DENIED",
    "/api/2.0/mlflow-artifacts/signed/7/run1/artifacts/a.txt?expires=99999999999&signature=00, 403, PERMISSION_DENIED"
  })
  void saysWhatIsWrong(String path, int status, String code) {
    Answer refused = service.get(path);
    assertThat(refused.status()).isEqualTo(status);
    assertThat(refused.json().path("error_code").asString()).isEqualTo(code);
    assertThat(refused.json().path("message").asString()).isNotEmpty();
  }

  @Test
  void givesAnAddressThatNeedsNothingElse() {
    var presigned =
        service.get("/api/2.0/mlflow-artifacts/presigned/7/run1/artifacts/model/big.bin").json();
    assertThat(presigned.path("file_size").asLong()).isEqualTo(SIZE);
    assertThat(presigned.path("headers").isObject()).isTrue();
    String url = presigned.path("url").asString();
    assertThat(url).startsWith("http://127.0.0.1:" + service.port() + "/");
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(URI.create(url)).header("Range", "bytes=10-19"))
                .response()
                .body())
        .isEqualTo(Arrays.copyOfRange(bytes, 10, 20));
    assertThat(
            RunningService.send(HttpRequest.newBuilder(URI.create(url.replace("big", "bog"))))
                .status())
        .isEqualTo(403);
  }

  @Test
  void takesASmallFileOfTheUi() {
    Answer stored =
        service.post(
            "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=run1&path=ui/note.md",
            HttpRequest.BodyPublishers.ofString("# hi"));
    assertThat(stored.status()).isEqualTo(200);
    assertThat(stored.text()).isEmpty();
    assertThat(service.get(PROXY + "/7/run1/artifacts/ui/note.md").text()).isEqualTo("# hi");
    assertThat(
            service
                .post(
                    "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=run1&path=ui/large",
                    HttpRequest.BodyPublishers.ofByteArray(new byte[(10 << 20) + 1]))
                .status())
        .isEqualTo(400);
    assertThat(
            service
                .post(
                    "/ajax-api/2.0/mlflow/upload-artifact?path=x",
                    HttpRequest.BodyPublishers.ofString("x"))
                .json()
                .path("message")
                .asString())
        .startsWith("Missing value for required parameter 'run_uuid'.");
  }

  @Test
  void refusesAnAddressAtTheStoreForARunBehindTheProxy() {
    Answer refused =
        service.post(
            "/api/2.0/mlflow/artifacts/presigned-upload-url",
            HttpRequest.BodyPublishers.ofString("{\"run_id\":\"run1\",\"path\":\"x\"}"),
            "Content-Type",
            "application/json");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(
            service
                .post(
                    "/api/2.0/mlflow/artifacts/presigned-upload-url",
                    HttpRequest.BodyPublishers.ofString("{\"run_id\":\"run1\"}"),
                    "Content-Type",
                    "application/json; charset=utf-8")
                .json()
                .path("message")
                .asString())
        .startsWith("Missing value for required parameter 'path'.");
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
}
