package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.artifact.Bucket;
import io.millrace.artifact.RunningService;
import io.millrace.artifact.RunningService.Answer;
import io.millrace.artifact.Told;
import io.millrace.database.Database;
import io.millrace.events.ArtifactDeleted;
import io.millrace.events.ArtifactStored;
import io.millrace.schemas.Topics;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Each test has a run of its own, whose events come in order up to the last that it causes. */
class ArtifactEventsIT {

  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";
  private static final String MPU = "/api/2.0/mlflow-artifacts/mpu";
  private static final String LAST = "the-last";

  private static TrackingStandIn tracking;
  private static RunningService service;

  private String run;
  private String folder;

  @BeforeAll
  static void start() throws Exception {
    tracking = new TrackingStandIn();
    service = RunningService.startSweeping(Map.of("millrace.tracking.uri", tracking.uri()));
  }

  @AfterAll
  static void stop() {
    service.close();
    tracking.close();
  }

  @BeforeEach
  void nameARun() {
    run = UUID.randomUUID().toString().replace("-", "");
    folder = "2/" + run + "/artifacts";
  }

  @Test
  void tellsOfNewBytesAndOfNoneThatAreThere() {
    put("a.txt", "one", "X-Millrace-User", "grace", "X-Millrace-Reason", "for the board");
    Answer before = service.get(PROXY + folder + "/a.txt");
    put("a.txt", "one", "X-Millrace-User", "ada");
    assertThat(service.get(PROXY + folder + "/a.txt").header("Last-Modified"))
        .isEqualTo(before.header("Last-Modified"));
    put("a.txt", "two", "Authorization", basic("ada:secret"));

    List<SpecificRecord> told = told();
    assertThat(told).hasSize(2);
    ArtifactStored stored = (ArtifactStored) told.getFirst();
    assertThat(stored.getPath()).isEqualTo(folder + "/a.txt");
    assertThat(stored.getRunId()).isEqualTo(run);
    assertThat(stored.getModelId()).isNull();
    assertThat(stored.getExperimentId()).isEqualTo("2");
    assertThat(stored.getMediaType()).startsWith("text/plain");
    assertThat(stored.getSha256()).isEqualTo(sha256("one"));
    assertThat(stored.getSize()).isEqualTo(3);
    assertThat(stored.getPreviousSha256()).isNull();
    assertThat(stored.getBy()).isEqualTo("grace");
    assertThat(stored.getReason()).isEqualTo("for the board");
    ArtifactStored replaced = (ArtifactStored) told.get(1);
    assertThat(replaced.getSha256()).isEqualTo(sha256("two"));
    assertThat(replaced.getPreviousSha256()).isEqualTo(sha256("one"));
    assertThat(replaced.getBy()).isEqualTo("ada");
    assertThat(replaced.getReason()).isNull();
  }

  @Test
  void tellsOnceWhereManyStoreTheSameAtOnce() throws Exception {
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      writers.add(Thread.ofVirtual().start(() -> put("raced.txt", "same")));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertThat(told()).hasSize(1);
  }

  @Test
  void tellsOfDamagedBytesThatWereMended() {
    put("a.txt", "one");
    new Bucket(service.property("millrace.s3.bucket"))
        .overwrite(objectKey(folder + "/a.txt"), "eno".getBytes(StandardCharsets.UTF_8));
    assertThat(service.get(PROXY + folder + "/a.txt").status()).isEqualTo(500);
    put("a.txt", "one");
    assertThat(service.get(PROXY + folder + "/a.txt").text()).isEqualTo("one");

    List<SpecificRecord> told = told();
    assertThat(told).hasSize(2);
    assertThat(((ArtifactStored) told.get(1)).getPreviousSha256()).isEqualTo(sha256("one"));
  }

  @Test
  void tellsOfARefusedFileNothing() {
    put("a", "file");
    assertThat(store("a/b", "below a file").status()).isEqualTo(400);
    assertThat(store("a", "other", "Millrace-Sha256", sha256("declared")).status()).isEqualTo(400);
    assertThat(store("b", "newer", "Millrace-Attempt", "2").status()).isEqualTo(200);
    assertThat(store("b", "older", "Millrace-Attempt", "1").status()).isEqualTo(409);

    List<SpecificRecord> told = told();
    assertThat(told).hasSize(2);
    assertThat(((ArtifactStored) told.get(1)).getSha256()).isEqualTo(sha256("newer"));
  }

  @Test
  void tellsOfAnUploadInPartsOnceItIsComplete() {
    JsonNode created =
        service
            .post(
                MPU + "/create/" + folder,
                BodyPublishers.ofString("{\"path\":\"big.bin\",\"num_parts\":1}"),
                "Content-Type",
                "application/json")
            .json();
    String etag =
        RunningService.send(
                HttpRequest.newBuilder(
                        URI.create(created.path("credentials").path(0).path("url").asString()))
                    .PUT(BodyPublishers.ofString("parts")))
            .header("ETag");
    String complete =
        "{\"path\":\"big.bin\",\"upload_id\":\"%s\",\"parts\":[{\"part_number\":1,\"etag\":%s}]}"
            .formatted(created.path("upload_id").asString(), etag);
    for (int i = 0; i < 2; i++) {
      Answer answer =
          service.post(
              MPU + "/complete/" + folder,
              BodyPublishers.ofString(complete),
              "Content-Type",
              "application/json",
              "X-Millrace-User",
              "grace");
      assertThat(answer.text()).isEqualTo("{}");
    }

    List<SpecificRecord> told = told();
    assertThat(told).hasSize(1);
    ArtifactStored stored = (ArtifactStored) told.getFirst();
    assertThat(stored.getPath()).isEqualTo(folder + "/big.bin");
    assertThat(stored.getSha256()).isEqualTo(sha256("parts"));
    assertThat(stored.getBy()).isEqualTo("grace");
  }

  @Test
  void tellsOfAFileThatIsUploadedToARunByItsId() {
    String file = run + ".txt";
    Answer answer =
        service.post(
            "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=run1&path=" + file,
            BodyPublishers.ofString("note"),
            "X-Millrace-User",
            "grace");
    assertThat(answer.status()).isEqualTo(200);
    await("event")
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                Told.of(Topics.ARTIFACTS, "7").stream()
                    .anyMatch(
                        event ->
                            event instanceof ArtifactStored stored
                                && stored.getPath().equals("7/run1/artifacts/" + file)
                                && stored.getBy().equals("grace")));
  }

  @Test
  void tellsOnceOfAllThatADeleteTakesAway() {
    put("t/a", "a");
    put("t/b/c", "ccc");
    put("u", "four");
    delete("t");
    delete("t");
    delete("none");
    delete("u");

    List<SpecificRecord> told = told();
    assertThat(told).hasSize(5);
    ArtifactDeleted tree = (ArtifactDeleted) told.get(3);
    assertThat(tree.getPath()).isEqualTo(folder + "/t");
    assertThat(tree.getFolder()).isTrue();
    assertThat(tree.getRunId()).isEqualTo(run);
    assertThat(tree.getExperimentId()).isEqualTo("2");
    assertThat(tree.getFiles()).isEqualTo(2);
    assertThat(tree.getSize()).isEqualTo(4);
    assertThat(tree.getSha256()).isNull();
    assertThat(tree.getBy()).isEqualTo("grace");
    assertThat(tree.getReason()).isEqualTo("no longer needed");
    ArtifactDeleted file = (ArtifactDeleted) told.get(4);
    assertThat(file.getPath()).isEqualTo(folder + "/u");
    assertThat(file.getFolder()).isFalse();
    assertThat(file.getFiles()).isEqualTo(1);
    assertThat(file.getSize()).isEqualTo(4);
    assertThat(file.getSha256()).isEqualTo(sha256("four"));
  }

  private void put(String file, String text, String... headers) {
    assertThat(store(file, text, headers).status()).isEqualTo(200);
  }

  private Answer store(String file, String text, String... headers) {
    return service.put(PROXY + folder + "/" + file, text.getBytes(StandardCharsets.UTF_8), headers);
  }

  private void delete(String file) {
    assertThat(
            RunningService.send(
                    HttpRequest.newBuilder(service.uri(PROXY + folder + "/" + file))
                        .header("X-Millrace-User", "grace")
                        .header("X-Millrace-Reason", "no longer needed")
                        .DELETE())
                .status())
        .isEqualTo(200);
  }

  /** All events of the run. */
  private List<SpecificRecord> told() {
    put(LAST, "behind all others");
    List<SpecificRecord> all = new ArrayList<>();
    await("events of " + run)
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              all.clear();
              all.addAll(Told.of(Topics.ARTIFACTS, run));
              return !all.isEmpty()
                  && all.getLast() instanceof ArtifactStored last
                  && last.getPath().endsWith(LAST);
            });
    return all.subList(0, all.size() - 1);
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

  private static String basic(String pair) {
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
