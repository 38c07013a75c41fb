package io.millrace.artifact.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.database.Database;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.DatasetRejected;
import io.millrace.events.DatasetVersionCreated;
import io.millrace.events.DatasetVersionDeleted;
import io.millrace.messaging.EventCodec;
import io.millrace.schemas.Topics;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatasetIT {

  private static final String CSV = "age,class\n31,a\n40,b\n";

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
  void storesAVersionAndTellsOfIt() throws Exception {
    Answer pushed = service.pushCsv("people", CSV, "Millrace-Created-By", "ada");
    assertThat(pushed.status()).isEqualTo(201);
    assertThat(pushed.header("Location")).isEqualTo("/api/v1/datasets/people/versions/1");
    var version = pushed.json();
    assertThat(version.path("version").asInt()).isEqualTo(1);
    assertThat(version.path("rows").asLong()).isEqualTo(2);
    assertThat(version.path("columns").asInt()).isEqualTo(2);
    assertThat(version.path("size").asLong()).isEqualTo(CSV.length());
    assertThat(version.path("sha256").asString()).isEqualTo(sha256(CSV));
    assertThat(version.path("uri").asString()).isEqualTo("dataset:/people/1");
    assertThat(version.path("createdBy").asString()).isEqualTo("ada");
    assertThat(version.path("created").asBoolean()).isTrue();
    assertThat(version.path("schema").path("columns").path(1).path("kind").asString())
        .isEqualTo("CATEGORICAL");

    Answer manifest = service.get("/api/v1/datasets/people/versions/1/manifest");
    assertThat(sha256(manifest.text())).isEqualTo(version.path("digest").asString());

    Answer content = service.get("/api/v1/datasets/people/versions/latest/content");
    assertThat(content.text()).isEqualTo(CSV);
    assertThat(content.header("Content-Type")).startsWith("text/csv");
    assertThat(content.header("ETag")).isEqualTo("\"" + sha256(CSV) + "\"");
    assertThat(content.header("Repr-Digest")).isEqualTo(DeclaredDigest.header(sha256(CSV)));
    assertThat(service.head("/api/v1/datasets/people/versions/1/content").header("Content-Length"))
        .isEqualTo(Integer.toString(CSV.length()));
    assertThat(
            service
                .get(
                    "/api/v1/datasets/people/versions/1/content",
                    "If-None-Match",
                    content.header("ETag"))
                .status())
        .isEqualTo(304);
    Answer found = service.get("/api/v1/datasets/people/versions/1");
    assertThat(found.header("ETag")).isEqualTo("\"" + version.path("digest").asString() + "\"");
    assertThat(found.json().has("created")).isFalse();
    assertThat(bucket.keys())
        .contains(
            "sha256/%s/%s/%s"
                .formatted(sha256(CSV).substring(0, 2), sha256(CSV).substring(2, 4), sha256(CSV)));

    DatasetVersionCreated event = events("people", 1).getFirst();
    assertThat(event.getDataset().getVersion()).isEqualTo(1);
    assertThat(event.getDataset().getDigest()).isEqualTo(version.path("digest").asString());
    assertThat(event.getDataset().getContent().getUri()).isEqualTo("dataset:/people/1");
    assertThat(event.getDataset().getContent().getSha256()).isEqualTo(sha256(CSV));
    assertThat(event.getRows()).isEqualTo(2);
    assertThat(event.getCreatedBy()).isEqualTo("ada");
  }

  @Test
  void keepsTheSameContentOnceAndCountsOtherContent() throws Exception {
    service.pushCsv("counted", CSV);
    Answer again = service.pushCsv("counted", CSV);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().path("version").asInt()).isEqualTo(1);
    assertThat(again.json().path("created").asBoolean()).isFalse();
    assertThat(service.pushCsv("counted", CSV + "50,a\n").json().path("version").asInt())
        .isEqualTo(2);
    assertThat(service.pushCsv("counted", CSV).json().path("version").asInt()).isEqualTo(1);
    assertThat(service.pushCsv("counted", CSV + "51,a\n").json().path("version").asInt())
        .isEqualTo(3);
    assertThat(service.pushCsv("other-name-same-bytes", CSV).status()).isEqualTo(201);

    Answer listed = service.get("/api/v1/datasets/counted?limit=2");
    assertThat(listed.json().path("latestVersion").asInt()).isEqualTo(3);
    assertThat(listed.json().path("versions").size()).isEqualTo(2);
    assertThat(listed.json().path("nextPageToken").asString()).isEqualTo("2");
    assertThat(
            service
                .get("/api/v1/datasets/counted?limit=2&pageToken=2")
                .json()
                .path("versions")
                .path(0)
                .path("version")
                .asInt())
        .isEqualTo(1);
    assertThat(service.get("/api/v1/datasets").text())
        .contains("{\"name\":\"counted\",\"latestVersion\":3,");
    assertThat(service.get("/api/v1/datasets?pageToken=counted").text())
        .doesNotContain("\"counted\"");
    assertThat(events("counted", 3)).hasSize(3);
  }

  @Test
  void makesOneVersionOfManyPushesAtOnce() throws Exception {
    Set<Integer> versions = new HashSet<>();
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService pushers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Answer>> calls =
          IntStream.range(0, 16)
              .<Callable<Answer>>mapToObj(i -> () -> service.pushCsv("raced", "x,y\n1,2\n3,4\n"))
              .toList();
      for (Future<Answer> call : pushers.invokeAll(calls)) {
        statuses.add(call.get().status());
        versions.add(call.get().json().path("version").asInt());
      }
    }
    assertThat(statuses).containsOnlyOnce(201).containsOnly(200, 201);
    assertThat(versions).containsExactly(1);
    await("claims settled").until(() -> unreferenced() == 0);
    assertThat(service.get("/api/v1/datasets/raced/versions/1/content").status()).isEqualTo(200);
    assertThat(events("raced", 1)).hasSize(1);
  }

  @Test
  void numbersDifferentPushesAtOnceWithoutGaps() throws Exception {
    try (ExecutorService pushers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls =
          IntStream.range(0, 12)
              .<Callable<Integer>>mapToObj(
                  i ->
                      () ->
                          service
                              .pushCsv("numbered", "x,y\n1," + i + "\n")
                              .json()
                              .path("version")
                              .asInt())
              .toList();
      Set<Integer> versions = new HashSet<>();
      for (Future<Integer> call : pushers.invokeAll(calls)) {
        versions.add(call.get());
      }
      assertThat(versions)
          .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, 12).boxed().toList());
    }
  }

  @Test
  void storesATableLargerThanAPart() throws Exception {
    StringBuilder csv = new StringBuilder("id,value\n");
    for (int i = 0; csv.length() < 20_000_000; i++) {
      csv.append(i).append(",some value of this row\n");
    }
    byte[] bytes = csv.toString().getBytes(StandardCharsets.UTF_8);
    Answer pushed =
        service.post(
            "/api/v1/datasets/large/versions",
            HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)),
            "Content-Type",
            "text/csv");
    assertThat(pushed.status()).isEqualTo(201);
    assertThat(pushed.json().path("sha256").asString()).isEqualTo(sha256(csv.toString()));
    assertThat(service.get("/api/v1/datasets/large/versions/1/content").response().body())
        .isEqualTo(bytes);
    Answer again =
        service.post(
            "/api/v1/datasets/large/versions",
            HttpRequest.BodyPublishers.ofByteArray(bytes),
            "Repr-Digest",
            DeclaredDigest.header(sha256(csv.toString())));
    assertThat(again.status()).isEqualTo(200);
    await("staging removed")
        .until(() -> bucket.keys().stream().noneMatch(key -> key.startsWith("staging/")));
    assertThat(service.get("/api/v1/datasets/large/versions/1/content").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "'a,b\n1,2\n3\n', ragged-row, 3",
    "'a,a\n1,2\n', duplicate-column, 1",
    "'', empty-file, 1",
    "'a,b\n', no-rows, 1",
    "'a;b\n1;2\n', malformed, 1",
    "'a,\n1,2\n', empty-header, 1"
  })
  void refusesWhatIsNoTable(String csv, String code, int line) {
    Answer refused = service.pushCsv("bad", csv == null ? "" : csv);
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(refused.json().path("code").asString()).isEqualTo(code);
    assertThat(refused.json().path("line").asInt()).isEqualTo(line);
    assertThat(refused.json().path("detail").asString()).startsWith("bad.csv");
    assertThat(service.get("/api/v1/datasets/bad").json().path("code").asString())
        .isEqualTo("dataset-not-found");
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    Answer refused =
        service.post(
            "/api/v1/datasets/latin/versions",
            HttpRequest.BodyPublishers.ofByteArray(
                "a,b\n1,caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1)),
            "Content-Type",
            "text/csv");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("code").asString()).isEqualTo("not-utf8");
  }

  @Test
  void answersAFaultAtTheStartOfALongUploadAndKeepsNothing() {
    byte[] bytes = ("a,b\n1,2,3\n" + "4,5\n".repeat(3_000_000)).getBytes(StandardCharsets.UTF_8);
    Answer refused =
        service.post(
            "/api/v1/datasets/early/versions", HttpRequest.BodyPublishers.ofByteArray(bytes));
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("line").asInt()).isEqualTo(2);
    await("nothing kept").until(() -> unreferenced() == 0);
  }

  @Test
  void refusesBytesThatAreNotTheDeclaredOnes() {
    Answer refused = service.pushCsv("declared", CSV, "Millrace-Sha256", "ab".repeat(32));
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("code").asString()).isEqualTo("digest-mismatch");
    assertThat(service.pushCsv("declared", CSV, "Repr-Digest", "sha-256=nonsense").status())
        .isEqualTo(400);
    assertThat(service.get("/api/v1/datasets/declared").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({"Upper", "a%20b", "-x", "%2e%2e", "x%2fy", "caf%C3%A9"})
  void refusesBadNames(String name) {
    Answer refused = service.pushCsv(name, CSV);
    assertThat(refused.status()).isBetween(400, 404);
    assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  void refusesOtherMediaTypesAndUnknownVersions() {
    assertThat(
            service
                .post(
                    "/api/v1/datasets/x/versions",
                    HttpRequest.BodyPublishers.ofString("<a/>"),
                    "Content-Type",
                    "application/xml")
                .json()
                .path("code")
                .asString())
        .isEqualTo("unsupported-media-type");
    service.pushCsv("known", CSV);
    Answer none = service.get("/api/v1/datasets/known/versions/7");
    assertThat(none.status()).isEqualTo(404);
    assertThat(none.json().path("code").asString()).isEqualTo("version-not-found");
    assertThat(none.json().path("detail").asString()).contains("the latest is 1");
    assertThat(service.get("/api/v1/datasets/known/versions/x").status()).isEqualTo(400);
    assertThat(service.get("/api/v1/datasets?limit=0").status()).isEqualTo(400);
    assertThat(service.get("/api/v1/datasets/nowhere").json().path("code").asString())
        .isEqualTo("dataset-not-found");
  }

  @Test
  void neverHandsOutDamagedContentToTheEnd() {
    String csv = "x,y\n" + "12345,67890\n".repeat(20_000);
    String sha256 = service.pushCsv("damaged", csv).json().path("sha256").asString();
    String key = "sha256/" + sha256.substring(0, 2) + "/" + sha256.substring(2, 4) + "/" + sha256;
    bucket.overwrite(key, csv.replaceFirst("12345", "12346").getBytes(StandardCharsets.UTF_8));
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> service.get("/api/v1/datasets/damaged/versions/1/content"))
        .withCauseInstanceOf(IOException.class);

    // The same bytes pushed again mend it.
    assertThat(service.pushCsv("damaged", csv).status()).isEqualTo(200);
    assertThat(service.get("/api/v1/datasets/damaged/versions/1/content").text()).isEqualTo(csv);
  }

  @Test
  void tellsOfWhatItRefuses() {
    Answer refused =
        service.pushCsv(
            "told",
            "a,b\n1,2\n3\n",
            "Millrace-Created-By",
            "ada",
            "Content-Disposition",
            "attachment; filename*=UTF-8''exports%2Ft%C3%A4glich.csv");
    service.pushCsv("told", "");
    service.pushCsv("told", CSV);

    assertThat(refused.status()).isEqualTo(422);
    List<SpecificRecord> told = events(SpecificRecord.class, "told", 3);
    DatasetRejected ragged = (DatasetRejected) told.getFirst();
    assertThat(ragged.getDatasetName()).isEqualTo("told");
    assertThat(ragged.getFile()).isEqualTo("t\u00e4glich.csv");
    assertThat(ragged.getLine()).isEqualTo(3);
    assertThat(ragged.getReason()).isEqualTo("ragged-row");
    assertThat(ragged.getMessage()).isEqualTo(refused.json().path("detail").asString());
    assertThat(ragged.getCreatedBy()).isEqualTo("ada");
    DatasetRejected empty = (DatasetRejected) told.get(1);
    assertThat(empty.getFile()).isEqualTo("told.csv");
    assertThat(empty.getReason()).isEqualTo("empty-file");
    assertThat(told.get(2)).isInstanceOf(DatasetVersionCreated.class);
  }

  @Test
  void tellsOfADeletedVersionOnce() {
    service.pushCsv("dropped", CSV);
    String path = "/api/v1/datasets/dropped/versions/1";
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(service.uri(path))
                        .header("X-Millrace-User", "grace")
                        .header("X-Millrace-Reason", "too small")
                        .DELETE())
                .status())
        .isEqualTo(204);
    assertThat(service.delete(path).status()).isEqualTo(404);
    service.pushCsv("dropped", CSV);

    List<SpecificRecord> told = events(SpecificRecord.class, "dropped", 3);
    assertThat(told).hasSize(3);
    DatasetVersionCreated created = (DatasetVersionCreated) told.getFirst();
    DatasetVersionDeleted deleted = (DatasetVersionDeleted) told.get(1);
    assertThat(deleted.getDatasetName()).isEqualTo("dropped");
    assertThat(deleted.getVersion()).isEqualTo(1);
    assertThat(deleted.getDigest()).isEqualTo(created.getDataset().getDigest());
    assertThat(deleted.getBy()).isEqualTo("grace");
    assertThat(deleted.getReason()).isEqualTo("too small");
    assertThat(told.get(2)).isInstanceOf(DatasetVersionCreated.class);
  }

  private static List<DatasetVersionCreated> events(String dataset, int atLeast) {
    return events(DatasetVersionCreated.class, dataset, atLeast);
  }

  private static <T extends SpecificRecord> List<T> events(
      Class<T> type, String dataset, int atLeast) {
    EventCodec codec = new EventCodec();
    List<T> events = new ArrayList<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                EmbeddedPlatform.shared().kafkaBootstrap(),
                "auto.offset.reset",
                "earliest",
                "group.id",
                "test-" + System.nanoTime(),
                "enable.auto.commit",
                "false"),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(Topics.DATASETS.name()));
      await("events of " + dataset)
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                for (ConsumerRecord<String, byte[]> one : consumer.poll(Duration.ofMillis(200))) {
                  if (one.key().equals(dataset)) {
                    events.add(type.cast(codec.decode(one.value())));
                  }
                }
                return events.size() >= atLeast;
              });
    }
    return events;
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

  private static String sha256(String text) throws Exception {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
