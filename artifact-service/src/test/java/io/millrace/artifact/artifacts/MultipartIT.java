package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.database.Database;
import io.millrace.embedded.EmbeddedPlatform;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Uploads in parts, through the service and straight to the store. */
class MultipartIT {

  private static final String MPU = "/api/2.0/mlflow-artifacts/mpu";
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";
  private static final int PART = 5 << 20;

  private static RunningService service;
  private static RunningService direct;
  private static byte[] bytes;

  @BeforeAll
  static void start() {
    Map<String, String> quick =
        Map.of("millrace.artifact.delete-after", "0s", "millrace.artifact.sweep-interval", "200ms");
    service = RunningService.start(quick);
    direct =
        RunningService.start(
            Map.of("millrace.s3.public-endpoint", EmbeddedPlatform.shared().s3Endpoint()));
    await("bucket").until(() -> service.get("/actuator/health/readiness").status() == 200);
    await("bucket").until(() -> direct.get("/actuator/health/readiness").status() == 200);
    bytes = new byte[2 * PART + 1234];
    new Random(9).nextBytes(bytes);
  }

  @AfterAll
  static void stop() {
    service.close();
    direct.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void makesOneFileOfPartsThatComeInAnyOrder(boolean straight) {
    RunningService at = straight ? direct : service;
    JsonNode created = create(at, "1/r/artifacts/model", "/tmp/some where/big.bin", 3).json();
    assertThat(created.path("credentials").size()).isEqualTo(3);
    String url = created.path("credentials").path(0).path("url").asString();
    assertThat(url)
        .startsWith(
            straight
                ? EmbeddedPlatform.shared().s3Endpoint()
                : "http://127.0.0.1:" + service.port());
    List<String> etags = new ArrayList<>(List.of("", "", ""));
    for (int number : new int[] {3, 1, 2}) {
      etags.set(number - 1, put(created, number, part(number)));
    }
    Answer before = at.get(PROXY + "/1/r/artifacts/model/big.bin");
    assertThat(before.status()).isEqualTo(404);
    String complete = completion("big.bin", created, etags);
    assertThat(post(at, "/complete/1/r/artifacts/model", complete).text()).isEqualTo("{}");
    Answer whole = at.get(PROXY + "/1/r/artifacts/model/big.bin");
    assertThat(whole.response().body()).isEqualTo(bytes);
    assertThat(whole.header("Repr-Digest")).startsWith("sha-256=:");
    assertThat(
            at.get(PROXY + "/1/r/artifacts/model/big.bin", "Range", "bytes=5242879-5242881")
                .response()
                .body())
        .isEqualTo(Arrays.copyOfRange(bytes, PART - 1, PART + 2));
    assertThat(post(at, "/complete/1/r/artifacts/model", complete).text())
        .as("a second time")
        .isEqualTo("{}");
  }

  @Test
  void completesOnceWhenAskedByManyAtOnce() throws Exception {
    JsonNode created = create(service, "1/many", "x.bin", 1).json();
    String etag = put(created, 1, part(1));
    String complete = completion("x.bin", created, List.of(etag));
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls =
          java.util.Collections.nCopies(
              6, () -> post(service, "/complete/1/many", complete).status());
      for (var call : callers.invokeAll(calls)) {
        assertThat(call.get()).isEqualTo(200);
      }
    }
    assertThat(service.get(PROXY + "/1/many/x.bin").response().body()).isEqualTo(part(1));
  }

  @Test
  void refusesPartsThatDoNotMakeTheFileAndGoesOnAfterwards() {
    JsonNode created = create(service, "1/wrong", "x.bin", 2).json();
    String first = put(created, 1, part(1));
    assertRefused(
        post(service, "/complete/1/wrong", completion("x.bin", created, List.of(first, "none"))),
        "part 2 did not arrive");
    put(created, 2, part(2));
    assertRefused(
        post(service, "/complete/1/wrong", completion("x.bin", created, List.of(first, "none"))),
        "another ETag");
    assertRefused(
        post(
            service,
            "/complete/1/wrong",
            "{\"path\":\"x.bin\",\"upload_id\":\"%s\",\"parts\":[]}"
                .formatted(created.path("upload_id").asString())),
        "no parts");
    assertRefused(
        post(service, "/complete/1/other", completion("x.bin", created, List.of(first))),
        "is not one of");
    String second = put(created, 2, part(2));
    assertThat(
            post(service, "/complete/1/wrong", completion("x.bin", created, List.of(first, second)))
                .status())
        .isEqualTo(200);
  }

  @Test
  void leavesNothingOfAnAbortedUpload() {
    JsonNode created = create(service, "1/aborted", "x.bin", 2).json();
    put(created, 1, part(1));
    String abort =
        "{\"path\":\"x.bin\",\"upload_id\":\"%s\"}".formatted(created.path("upload_id").asString());
    assertThat(post(service, "/abort/1/aborted", abort).text()).isEqualTo("{}");
    await("upload forgotten").until(() -> count("part_uploads", "target = '1/aborted/x.bin'") == 0);
    assertThat(count("received_parts", "true"))
        .isEqualTo(count("received_parts r join part_uploads p using (upload_id)", "true"));
    assertThat(post(service, "/abort/1/aborted", abort).status()).isEqualTo(404);
    assertThat(send(created, 1, part(1)).status()).isEqualTo(404);
    assertThat(service.get(PROXY + "/1/aborted/x.bin").status()).isEqualTo(404);
  }

  @Test
  void refusesAPartThatComesShortOrWithoutALengthOrUnsigned() {
    JsonNode created = create(service, "1/short", "x.bin", 1).json();
    String url = created.path("credentials").path(0).path("url").asString();
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(URI.create(url))
                        .PUT(
                            BodyPublishers.ofInputStream(
                                () -> new java.io.ByteArrayInputStream(part(1)))))
                .status())
        .isEqualTo(400);
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(URI.create(url.substring(0, url.length() - 2) + "00"))
                        .PUT(BodyPublishers.ofByteArray(part(1))))
                .json()
                .path("error_code")
                .asString())
        .isEqualTo("PERMISSION_DENIED");
    assertThat(
            count(
                "received_parts r join part_uploads p using (upload_id)",
                "target = '1/short/x.bin'"))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/create/1/a|{\"num_parts\":1}|Missing value for required parameter 'path'.",
        "/create/1/a|{\"path\":\"\",\"num_parts\":1}|Missing value for required parameter 'path'.",
        "/create/1/a|{\"path\":3}|Invalid value 3 for parameter 'path' supplied:  Hint: Value was of type 'int'.",
        "/create/1/a|{\"path\":\"x\",\"num_parts\":0}|num_parts is 0",
        "/create/1/a|{\"path\":\"x\",\"num_parts\":10001}|num_parts is 10001",
        "/create/1/a|{\"path\":\"x\",\"num_parts\":\"many\"}|Invalid value \"many\" for parameter 'num_parts'",
        "/create/1/%2e%2e/b|{\"path\":\"x\",\"num_parts\":1}|Invalid path",
        "/create/1/%252e%252e/b|{\"path\":\"x\",\"num_parts\":1}|Invalid path",
        "/create/1/b|{\"path\":\"..\",\"num_parts\":1}|Invalid path",
        "/create/1/b|[]|the request must be a JSON object",
        "/complete/1/a|{\"path\":\"x\"}|Missing value for required parameter 'upload_id'.",
        "/abort/1/a|nonsense|Missing value for required parameter 'path'."
      })
  void refusesInTheContractsWords(String call, String body, String message) {
    assertRefused(post(service, call, body), message);
  }

  @Test
  void refusesWithoutAContentTypeAndForUnknownUploads() {
    assertRefused(
        service.post(MPU + "/create/1/a", BodyPublishers.ofString("{}")),
        "Bad Request. Content-Type header is missing.");
    assertRefused(
        service.post(
            MPU + "/create/1/a", BodyPublishers.ofString("{}"), "Content-Type", "text/csv"),
        "Bad Request. Content-Type must be one of ['application/json'].");
    assertThat(
            post(
                    service,
                    "/complete/1/a",
                    "{\"path\":\"x\",\"upload_id\":\"none\",\"parts\":[{\"part_number\":1}]}")
                .status())
        .isEqualTo(404);
    service.put(PROXY + "/1/file", new byte[] {1});
    assertRefused(create(service, "1/file", "x", 1), "which is a file");
  }

  private static void assertRefused(Answer answer, String message) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(answer.json().path("message").asString()).contains(message);
  }

  private static Answer create(RunningService at, String folder, String file, int parts) {
    return post(
        at, "/create/" + folder, "{\"path\":\"%s\",\"num_parts\":%d}".formatted(file, parts));
  }

  private static Answer post(RunningService at, String call, String body) {
    return at.post(MPU + call, BodyPublishers.ofString(body), "Content-Type", "application/json");
  }

  private static Answer send(JsonNode created, int number, byte[] part) {
    return RunningService.send(
        HttpRequest.newBuilder(
                URI.create(created.path("credentials").path(number - 1).path("url").asString()))
            .PUT(BodyPublishers.ofByteArray(part)));
  }

  private static String put(JsonNode created, int number, byte[] part) {
    Answer answer = send(created, number, part);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.header("ETag");
  }

  private static String completion(String path, JsonNode created, List<String> etags) {
    StringBuilder parts = new StringBuilder();
    for (int i = 0; i < etags.size(); i++) {
      parts
          .append(i == 0 ? "" : ",")
          .append(
              "{\"part_number\":%d,\"etag\":\"%s\",\"url\":\"\"}"
                  .formatted(i + 1, etags.get(i).replace("\"", "\\\"")));
    }
    return "{\"path\":\"%s\",\"upload_id\":\"%s\",\"parts\":[%s]}"
        .formatted(path, created.path("upload_id").asString(), parts);
  }

  private static byte[] part(int number) {
    return Arrays.copyOfRange(bytes, (number - 1) * PART, Math.min(number * PART, bytes.length));
  }

  private static long count(String table, String where) {
    return service
        .bean(Database.class)
        .read(
            tx ->
                tx.queryOne(
                        "select count(*) as found from " + table + " where " + where,
                        row -> row.int8("found"))
                    .orElseThrow());
  }
}
