package io.millrace.artifact.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.database.Database;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Datasets of several files, sent by their digests. */
class DatasetFilesIT {

  private static final int PART = 16 << 20;

  private static RunningService service;
  private static Bucket bucket;

  @BeforeAll
  static void start() {
    service = RunningService.startSweeping(Map.of());
    bucket = service.bucket();
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void sendsOnlyWhatIsMissingAndStoresEqualBytesOnce() {
    Map<String, byte[]> first =
        Map.of(
            "a/one.csv", text("x,y\n1,p\n2,q\n"),
            "b/two.csv", text("x,y\n3,p\n"),
            "c/same.bin", text("same"),
            "d/same.bin", text("same"));
    assertThat(missing(first.values())).hasSize(3);
    JsonNode version = push("shared", first);
    assertThat(version.path("version").asInt()).isEqualTo(1);
    assertThat(version.path("files").asInt()).isEqualTo(4);
    assertThat(version.path("rows").asLong()).isEqualTo(3);
    assertThat(version.path("columns").asInt()).isEqualTo(2);
    assertThat(version.has("sha256")).isFalse();
    assertThat(version.path("created").asBoolean()).isTrue();
    assertThat(sha256(service.get("/api/v1/datasets/shared/versions/1/manifest").response().body()))
        .isEqualTo(version.path("digest").asString());

    assertThat(missing(first.values())).isEmpty();
    long objects = bucket.keys().size();
    Answer again = create("shared", first);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().path("version").asInt()).isEqualTo(1);
    assertThat(create("other-dataset", first).status()).isEqualTo(201);
    assertThat(bucket.keys()).hasSize((int) objects);

    Map<String, byte[]> second = new LinkedHashMap<>(first);
    second.put("b/two.csv", text("x,y\n3,p\n4,r\n"));
    assertThat(missing(second.values())).hasSize(1);
    assertThat(push("shared", second).path("version").asInt()).isEqualTo(2);
  }

  @Test
  void listsAndGivesItsFiles() {
    push(
        "listed", Map.of("b.txt", text("bee"), "a/x y.csv", text("x\n1\n2\n"), "a/z", text("zed")));
    Answer page = service.get("/api/v1/datasets/listed/versions/1/files?limit=2");
    assertThat(page.json().path("items").path(0).path("path").asString()).isEqualTo("a/x y.csv");
    assertThat(page.json().path("items").path(0).path("mediaType").asString())
        .isEqualTo("text/csv");
    assertThat(page.json().path("nextPageToken").asString()).isEqualTo("a/z");
    assertThat(
            service
                .get("/api/v1/datasets/listed/versions/1/files?limit=2&pageToken=a/z")
                .json()
                .path("items")
                .size())
        .isEqualTo(1);
    String file = "/api/v1/datasets/listed/versions/1/files/a/x%20y.csv";
    assertThat(service.get(file).text()).isEqualTo("x\n1\n2\n");
    assertThat(service.get(file, "Range", "bytes=2-2").text()).isEqualTo("1");
    assertThat(service.get(file, "Range", "bytes=2-2").status()).isEqualTo(206);
    Answer behind = service.get(file, "Range", "bytes=99-");
    assertThat(behind.status()).isEqualTo(416);
    assertThat(behind.json().path("code").asString()).isEqualTo("range-not-satisfiable");
    assertThat(service.head(file).header("Content-Length")).isEqualTo("6");
    assertThat(service.get("/api/v1/datasets/listed/versions/1/content").text())
        .as("the only table")
        .isEqualTo("x\n1\n2\n");
    assertThat(
            service
                .get("/api/v1/datasets/listed/versions/1/files/none")
                .json()
                .path("code")
                .asString())
        .isEqualTo("file-not-found");
    assertThat(
            service
                .get("/api/v1/datasets/listed")
                .json()
                .path("versions")
                .path(0)
                .path("files")
                .asInt())
        .isEqualTo(3);
  }

  @Test
  void hasNoContentWhereThereAreSeveralTables() {
    push("several", Map.of("a.csv", text("x\n1\n"), "b.csv", text("x\n2\n")));
    Answer refused = service.get("/api/v1/datasets/several/versions/1/content");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.json().path("code").asString()).isEqualTo("several-files");
  }

  @Test
  void goesOnWithALargeFilePartByPart() {
    byte[] large = new byte[2 * PART + 99];
    new Random(3).nextBytes(large);
    String digest = sha256(large);
    JsonNode upload = begin(digest, large.length);
    assertThat(upload.path("parts").asInt()).isEqualTo(3);
    assertThat(upload.path("received").size()).isZero();
    part(digest, upload, 1, large);
    part(digest, upload, 3, large);
    Answer early = service.post(at(digest, upload) + "/complete", BodyPublishers.noBody());
    assertThat(early.status()).isEqualTo(409);
    assertThat(early.json().path("missing").toString()).isEqualTo("[2]");
    JsonNode resumed = begin(digest, large.length);
    assertThat(resumed.path("uploadId").asString()).isEqualTo(upload.path("uploadId").asString());
    assertThat(resumed.path("received").toString()).isEqualTo("[1,3]");
    part(digest, upload, 2, large);
    assertThat(service.post(at(digest, upload) + "/complete", BodyPublishers.noBody()).status())
        .isEqualTo(200);
    assertThat(service.post(at(digest, upload) + "/complete", BodyPublishers.noBody()).status())
        .as("a second time")
        .isEqualTo(200);
    assertThat(create("large", Map.of("large.bin", large)).status()).isEqualTo(201);
    assertThat(
            service
                .get(
                    "/api/v1/datasets/large/versions/1/files/large.bin",
                    "Range",
                    "bytes=%d-%d".formatted(PART - 5, PART + 4))
                .response()
                .body())
        .isEqualTo(Arrays.copyOfRange(large, PART - 5, PART + 5));
    assertThat(service.get("/api/v1/datasets/large/versions/1/content").response().body())
        .isEqualTo(large);
  }

  @Test
  void refusesPartsOfOtherBytesAndKeepsNothingOfThem() {
    byte[] large = new byte[PART + 1];
    String digest = "ab".repeat(32);
    JsonNode upload = begin(digest, large.length);
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(service.uri(at(digest, upload) + "/parts/1"))
                        .PUT(BodyPublishers.ofByteArray(new byte[5])))
                .json()
                .path("code")
                .asString())
        .isEqualTo("invalid-part");
    part(digest, upload, 1, large);
    part(digest, upload, 2, large);
    Answer refused = service.post(at(digest, upload) + "/complete", BodyPublishers.noBody());
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("code").asString()).isEqualTo("digest-mismatch");
    await("nothing of it left")
        .until(() -> count("part_uploads where target like 'content " + digest + "%'") == 0);
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(service.uri("/api/v1/contents/" + digest))
                        .PUT(BodyPublishers.ofString("other bytes")))
                .status())
        .isEqualTo(422);
  }

  @Test
  void showsWhatChangedFromOneVersionToAnother() {
    push(
        "changing",
        Map.of(
            "t.csv", text("age,class\n10,a\n20,b\n"),
            "gone.txt", text("gone"),
            "same.txt", text("same")));
    push(
        "changing",
        Map.of(
            "t.csv", text("age,class,extra\n10,a,1\n40,c,2\nNA,a,3\n"),
            "new.txt", text("new!"),
            "same.txt", text("same")));
    JsonNode diff = service.get("/api/v1/datasets/changing/diff").json();
    assertThat(diff.path("from").asInt()).isEqualTo(1);
    assertThat(diff.path("to").asInt()).isEqualTo(2);
    assertThat(diff.path("identical").asBoolean()).isFalse();
    assertThat(diff.path("files").path("added").path(0).path("path").asString())
        .isEqualTo("new.txt");
    assertThat(diff.path("files").path("removed").path(0).path("path").asString())
        .isEqualTo("gone.txt");
    assertThat(diff.path("files").path("changed").path(0).path("path").asString())
        .isEqualTo("t.csv");
    assertThat(diff.path("files").path("unchanged").asInt()).isEqualTo(1);
    assertThat(diff.path("rows").toString()).isEqualTo("{\"from\":2,\"to\":3}");
    assertThat(diff.path("columns").path("added").toString()).isEqualTo("[\"extra\"]");
    JsonNode age = diff.path("profile").path(0);
    assertThat(age.path("column").asString()).isEqualTo("age");
    assertThat(age.path("figures").path("mean").toString())
        .isEqualTo("{\"from\":15.0,\"to\":25.0}");
    assertThat(age.path("figures").path("missing").toString()).isEqualTo("{\"from\":0,\"to\":1}");
    assertThat(
            service
                .get("/api/v1/datasets/changing/diff?from=2&to=2")
                .json()
                .path("identical")
                .asBoolean())
        .isTrue();
    assertThat(service.get("/api/v1/datasets/changing/diff?from=7").status()).isEqualTo(404);
    assertThat(
            service
                .get("/api/v1/datasets/changing/versions/2/profile")
                .json()
                .path("tables")
                .path(0)
                .path("summary")
                .path("columns")
                .path(0)
                .path("max")
                .asDouble())
        .isEqualTo(40.0);
  }

  @Test
  void findsDamageAndIsMendedByTheSameBytes() {
    byte[] sound = text("x\n1\n2\n3\n");
    push("checked", Map.of("t.csv", sound, "other.txt", text("other")));
    assertThat(verify("checked").path("intact").asBoolean()).isTrue();
    String digest = sha256(sound);
    bucket.overwrite(
        "sha256/%s/%s/%s".formatted(digest.substring(0, 2), digest.substring(2, 4), digest),
        text("x\n1\n2\n4\n"));
    JsonNode found = verify("checked");
    assertThat(found.path("intact").asBoolean()).isFalse();
    assertThat(found.path("damaged").path(0).path("path").asString()).isEqualTo("t.csv");
    assertThat(missing(List.of(sound))).containsExactly(digest);
    send(sound);
    assertThat(missing(List.of(sound))).isEmpty();
    assertThat(verify("checked").path("intact").asBoolean()).isTrue();
  }

  @Test
  void removesAVersionAndNeverGivesItsNumberAgain() {
    push("removed", Map.of("a.txt", text("first")));
    push("removed", Map.of("a.txt", text("second")));
    assertThat(service.delete("/api/v1/datasets/removed/versions/2").status()).isEqualTo(204);
    assertThat(service.delete("/api/v1/datasets/removed/versions/2").status()).isEqualTo(404);
    assertThat(service.get("/api/v1/datasets/removed").json().path("latestVersion").asInt())
        .isEqualTo(1);
    assertThat(push("removed", Map.of("a.txt", text("third"))).path("version").asInt())
        .isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"files\":[]}|400|invalid-files",
        "{}|400|invalid-files",
        "nonsense|400|malformed-json",
        "{\"files\":[{\"path\":\"a\"}]}|400|malformed-json",
        "{\"files\":[{\"path\":\"a\",\"sha256\":\"x\",\"size\":1}]}|400|invalid-digest",
        "{\"files\":[{\"path\":\"../a\",\"sha256\":\"%s\",\"size\":1}]}|400|invalid-path",
        "{\"files\":[{\"path\":\"/a\",\"sha256\":\"%s\",\"size\":1}]}|400|invalid-path",
        "{\"files\":[{\"path\":\"a\\\\b\",\"sha256\":\"%s\",\"size\":1}]}|400|invalid-path",
        "{\"files\":[{\"path\":\"a\",\"sha256\":\"%s\",\"size\":1},{\"path\":\"a\",\"sha256\":\"%s\",\"size\":1}]}|400|duplicate-path",
        "{\"files\":[{\"path\":\"a\",\"sha256\":\"%s\",\"size\":1},{\"path\":\"a/b\",\"sha256\":\"%s\",\"size\":1}]}|400|path-conflict",
        "{\"files\":[{\"path\":\"a\",\"sha256\":\"%s\",\"size\":1}]}|409|content-missing"
      })
  void refusesWhatIsNoVersion(String body, int status, String code) {
    Answer refused =
        service.post(
            "/api/v1/datasets/refused/versions",
            BodyPublishers.ofString(body.replace("%s", "cd".repeat(32))),
            "Content-Type",
            "application/json");
    assertThat(refused.status()).as(refused.text()).isEqualTo(status);
    assertThat(refused.json().path("code").asString()).isEqualTo(code);
    assertThat(service.get("/api/v1/datasets/refused").status()).isEqualTo(404);
  }

  @Test
  void refusesAnOnlyFileThatIsNoTableAndLetsItBeOneOfMany() {
    byte[] ragged = text("a,b\n1\n");
    send(ragged);
    Answer refused = create("ragged", Map.of("r.csv", ragged));
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("line").asInt()).isEqualTo(2);
    assertThat(
            push("ragged", Map.of("r.csv", ragged, "ok.csv", text("x\n1\n"))).path("rows").asInt())
        .isEqualTo(1);
  }

  private static JsonNode verify(String dataset) {
    return service
        .post("/api/v1/datasets/" + dataset + "/versions/latest/verify", BodyPublishers.noBody())
        .json();
  }

  private static JsonNode push(String dataset, Map<String, byte[]> files) {
    files.values().forEach(DatasetFilesIT::send);
    Answer created = create(dataset, files);
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    return created.json();
  }

  private static void send(byte[] bytes) {
    Answer sent =
        RunningService.send(
            HttpRequest.newBuilder(service.uri("/api/v1/contents/" + sha256(bytes)))
                .PUT(BodyPublishers.ofByteArray(bytes)));
    assertThat(sent.status()).as(sent.text()).isEqualTo(200);
  }

  private static Answer create(String dataset, Map<String, byte[]> files) {
    return service.post(
        "/api/v1/datasets/" + dataset + "/versions",
        BodyPublishers.ofString(
            files.entrySet().stream()
                .map(
                    file ->
                        "{\"path\":\"%s\",\"sha256\":\"%s\",\"size\":%d}"
                            .formatted(
                                file.getKey(), sha256(file.getValue()), file.getValue().length))
                .collect(Collectors.joining(",", "{\"files\":[", "]}"))),
        "Content-Type",
        "application/json",
        "Millrace-Created-By",
        "ada");
  }

  private static List<String> missing(java.util.Collection<byte[]> files) {
    JsonNode answer =
        service
            .post(
                "/api/v1/contents/missing",
                BodyPublishers.ofString(
                    files.stream()
                        .map(
                            file ->
                                "{\"sha256\":\"%s\",\"size\":%d}"
                                    .formatted(sha256(file), file.length))
                        .collect(Collectors.joining(",", "{\"files\":[", "]}"))),
                "Content-Type",
                "application/json")
            .json();
    return answer.path("missing").valueStream().map(one -> one.path("sha256").asString()).toList();
  }

  private static JsonNode begin(String digest, long size) {
    return service
        .post(
            "/api/v1/contents/" + digest + "/uploads",
            BodyPublishers.ofString("{\"size\":" + size + "}"),
            "Content-Type",
            "application/json")
        .json();
  }

  private static String at(String digest, JsonNode upload) {
    return "/api/v1/contents/" + digest + "/uploads/" + upload.path("uploadId").asString();
  }

  private static void part(String digest, JsonNode upload, int number, byte[] bytes) {
    Answer sent =
        RunningService.send(
            HttpRequest.newBuilder(service.uri(at(digest, upload) + "/parts/" + number))
                .PUT(
                    BodyPublishers.ofByteArray(
                        Arrays.copyOfRange(
                            bytes, (number - 1) * PART, Math.min(number * PART, bytes.length)))));
    assertThat(sent.status()).as(sent.text()).isEqualTo(204);
  }

  private static long count(String from) {
    return service
        .bean(Database.class)
        .read(
            tx ->
                tx.queryOne("select count(*) as found from " + from, row -> row.int8("found"))
                    .orElseThrow());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
