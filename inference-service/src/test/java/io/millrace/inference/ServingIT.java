package io.millrace.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.DeploymentFailed;
import io.millrace.events.DesiredState;
import io.millrace.events.FileRef;
import io.millrace.events.ModelDeployed;
import io.millrace.events.PredictionLogged;
import io.millrace.messaging.EventPublisher;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** One replica on a real broker, with real models. */
class ServingIT {

  private static final Logger log = LoggerFactory.getLogger(ServingIT.class);
  private static final String ENVIRONMENTS = "staging,production";

  @TempDir static Path folder;

  private static PackageServer artifacts;
  private static ModelPackage forest;
  private static ModelPackage regression;
  private static EventPublisher publisher;
  private static Replica replica;

  @BeforeAll
  static void start() throws IOException {
    forest =
        BreastCancer.write(
            folder.resolve("artifacts/1/forest/artifacts/model"), BreastCancer.FOREST);
    regression =
        BreastCancer.write(
            folder.resolve("artifacts/1/regression/artifacts/model"), BreastCancer.REGRESSION);
    artifacts = new PackageServer(folder.resolve("artifacts"));
    publisher =
        EventPublisher.connect(EmbeddedPlatform.shared().kafkaBootstrap(), "deployment-service");
    replica =
        Replica.start(
            folder.resolve("replica"),
            artifacts.uri(),
            ENVIRONMENTS,
            "--millrace.inference.replica=replica-1",
            "--millrace.inference.download-patience=300ms",
            "--millrace.inference.retry-interval=500ms");
    await("replica is ready")
        .atMost(Duration.ofSeconds(30))
        .until(() -> replica.get("/v2/health/ready").statusCode() == 200);
  }

  @AfterAll
  static void stop() {
    replica.close();
    publisher.close();
    artifacts.close();
  }

  @Test
  void servesTheGoldenOutputsOfBothProtocolsAndLogsThem() throws IOException {
    want("production", "golden", 1, 1, "forest", forest);
    awaitVersion("production", "golden", 1);
    Map<Integer, Double> golden = BreastCancer.golden(BreastCancer.FOREST);
    List<Integer> rows = List.copyOf(golden.keySet());

    JsonNode v2 = Replica.json(replica.post("/v2/models/golden/infer", matrix("call-1", rows)));
    assertThat(v2.get("id").asString()).isEqualTo("call-1");
    assertThat(v2.get("model_name").asString()).isEqualTo("golden");
    assertThat(v2.get("model_version").asString()).isEqualTo("1");
    JsonNode label = v2.get("outputs").get(0);
    JsonNode probabilities = v2.get("outputs").get(1);
    assertThat(probabilities.get("shape").toString()).isEqualTo("[" + rows.size() + ",2]");
    for (int i = 0; i < rows.size(); i++) {
      double expected = golden.get(rows.get(i));
      assertThat(probabilities.get("data").get(2 * i + 1).asDouble())
          .isCloseTo(expected, within(1e-6));
      assertThat(label.get("data").get(i).asString()).isEqualTo(expected > 0.5 ? "1" : "0");
    }

    JsonNode mlflow =
        Replica.json(
            replica.post(
                "/invocations?model=golden",
                "{\"dataframe_split\":{\"columns\":%s,\"data\":%s}}"
                    .formatted(quoted(BreastCancer.columns()), nested(rows)),
                "Content-Type",
                "application/json"));
    for (int i = 0; i < rows.size(); i++) {
      assertThat(mlflow.get("predictions").get(i).get("probabilities").get(1).asDouble())
          .isCloseTo(golden.get(rows.get(i)), within(1e-6));
    }

    try (Events<PredictionLogged> logged =
        new Events<>(Topics.PREDICTIONS, PredictionLogged.class)) {
      await("both calls are logged")
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(
                          logged.matching(e -> e.getModelName().equals("golden")).stream()
                              .mapToInt(e -> e.event().getRows().size())
                              .sum())
                      .isEqualTo(2 * rows.size()));
      List<Events.Seen<PredictionLogged>> all =
          logged.matching(e -> e.getModelName().equals("golden"));
      assertThat(all).allSatisfy(e -> assertThat(e.bytes()).isLessThan(60 * 1024));
      PredictionLogged first =
          all.stream()
              .map(Events.Seen::event)
              .filter(e -> e.getProtocol().equals("v2"))
              .findFirst()
              .orElseThrow();
      assertThat(first.getColumns()).isEqualTo(BreastCancer.columns());
      assertThat(first.getRows().getFirst()).isEqualTo(BreastCancer.row(rows.getFirst()));
      assertThat(first.getClasses()).containsExactly("0", "1");
      assertThat(first.getVersion()).isEqualTo(1);
      assertThat(first.getProbabilities().getFirst().get(1))
          .isCloseTo(golden.get(rows.getFirst()), within(1e-6));
    }
  }

  @Test
  void servesWithinASecondOfTheDecisionAndTellsSo() {
    long before = System.nanoTime();
    want("production", "quick", 3, 7, "forest", forest);
    awaitVersion("production", "quick", 3);
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
    log.info("from desired state to served: {} ms", millis);
    assertThat(millis).isLessThan(1500);
    try (Events<ModelDeployed> deployed = new Events<>(Topics.DEPLOYMENTS, ModelDeployed.class)) {
      await("ModelDeployed")
          .untilAsserted(
              () ->
                  assertThat(deployed.matching(e -> e.getModelName().equals("quick")))
                      .singleElement()
                      .satisfies(
                          seen -> {
                            assertThat(seen.event().getVersion()).isEqualTo(3);
                            assertThat(seen.event().getRevision()).isEqualTo(7);
                            assertThat(seen.event().getReplica()).isEqualTo("replica-1");
                            assertThat(seen.event().getPreviousVersion()).isNull();
                            assertThat(seen.event().getRequestId()).isEqualTo("request-quick-7");
                          }));
    }
    JsonNode items = replica.getJson("/api/v1/endpoints").get("items");
    assertThat(items.toString())
        .contains(
            "{\"environment\":\"production\",\"modelName\":\"quick\",\"version\":3,\"revision\":7");
  }

  @Test
  void swapsUnderLoadWithoutOneFailedRequest() throws InterruptedException {
    want("production", "swapped", 1, 1, "forest", forest);
    awaitVersion("production", "swapped", 1);
    AtomicBoolean on = new AtomicBoolean(true);
    AtomicInteger answered = new AtomicInteger();
    ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    Set<String> versions = java.util.concurrent.ConcurrentHashMap.newKeySet();
    String one = matrix(null, List.of(9));
    String many = matrix(null, java.util.stream.IntStream.range(0, 500).boxed().toList());
    try (ExecutorService clients = Executors.newFixedThreadPool(6)) {
      for (int c = 0; c < 6; c++) {
        String body = c < 4 ? one : many;
        clients.submit(
            () -> {
              while (on.get()) {
                try {
                  HttpResponse<String> answer = replica.post("/v2/models/swapped/infer", body);
                  if (answer.statusCode() == 200) {
                    answered.incrementAndGet();
                    versions.add(Replica.json(answer).get("model_version").asString());
                  } else {
                    failures.add(answer.statusCode() + " " + answer.body());
                  }
                } catch (RuntimeException e) {
                  failures.add(e.toString());
                }
              }
            });
      }
      for (int revision = 2; revision <= 20; revision++) {
        boolean odd = revision % 2 == 1;
        want(
            "production",
            "swapped",
            revision,
            revision,
            odd ? "forest" : "regression",
            odd ? forest : regression);
        awaitVersion("production", "swapped", revision);
      }
      on.set(false);
    }
    log.info("{} requests over 19 swaps, versions seen {}", answered, new TreeSet<>(versions));
    assertThat(failures).isEmpty();
    assertThat(answered.get()).isGreaterThan(100);
    assertThat(versions).hasSizeGreaterThan(5);
  }

  @Test
  void refusesADamagedPackageAndGoesOnWithTheVersionBefore() throws IOException {
    want("production", "guarded", 1, 1, "forest", forest);
    awaitVersion("production", "guarded", 1);
    Path damaged = folder.resolve("artifacts/1/damaged/artifacts/model");
    ModelPackage broken = BreastCancer.write(damaged, BreastCancer.REGRESSION, "run-damaged");
    byte[] onnx = Files.readAllBytes(damaged.resolve("model.onnx"));
    onnx[onnx.length / 2] ^= 1;
    Files.write(damaged.resolve("model.onnx"), onnx);
    want("production", "guarded", 2, 2, "damaged", broken, "0".repeat(63) + "1");

    try (Events<DeploymentFailed> failed =
        new Events<>(Topics.DEPLOYMENTS, DeploymentFailed.class)) {
      await("a wrong digest is refused")
          .untilAsserted(
              () ->
                  assertThat(failed.matching(e -> e.getModelName().equals("guarded")))
                      .singleElement()
                      .satisfies(
                          seen -> {
                            assertThat(seen.event().getReason()).isEqualTo("package-corrupt");
                            assertThat(seen.event().getServingVersion()).isEqualTo(1);
                            assertThat(seen.event().getMessage()).contains("manifest.json");
                          }));
      want("production", "guarded", 3, 3, "damaged", broken);
      await("a damaged graph is refused")
          .untilAsserted(
              () ->
                  assertThat(failed.matching(e -> e.getModelName().equals("guarded")))
                      .hasSize(2)
                      .last()
                      .satisfies(
                          seen -> assertThat(seen.event().getMessage()).contains("model.onnx")));
    }
    assertThat(servedVersion("production", "guarded")).isEqualTo(1);
    assertThat(replica.post("/v2/models/guarded/infer", matrix(null, List.of(9))).statusCode())
        .isEqualTo(200);
  }

  @Test
  void reportsAPackageItCannotFetchAndServesItOnceItCan() throws IOException {
    Path late = folder.resolve("late");
    ModelPackage written = BreastCancer.write(late, BreastCancer.FOREST, "run-late");
    want("production", "late", 1, 1, "late", written);
    try (Events<DeploymentFailed> failed =
        new Events<>(Topics.DEPLOYMENTS, DeploymentFailed.class)) {
      await("DeploymentFailed")
          .untilAsserted(
              () ->
                  assertThat(failed.matching(e -> e.getModelName().equals("late")))
                      .singleElement()
                      .satisfies(
                          seen ->
                              assertThat(seen.event().getReason())
                                  .isEqualTo("package-unavailable")));
    }
    Path there = folder.resolve("artifacts/1/late/artifacts/model");
    Files.createDirectories(there.getParent());
    Files.move(late, there);
    awaitVersion("production", "late", 1);
  }

  @Test
  void ignoresOlderRevisionsAndWithdrawsOnATombstone() {
    want("staging", "fading", 5, 5, "forest", forest);
    awaitVersion("staging", "fading", 5);
    want("staging", "fading", 4, 4, "regression", regression);
    want("staging", "marker", 1, 1, "forest", forest);
    awaitVersion("staging", "marker", 1);
    assertThat(servedVersion("staging", "fading")).isEqualTo(5);

    HttpResponse<String> production = replica.get("/v2/models/fading");
    assertThat(production.statusCode()).isEqualTo(404);
    assertThat(Replica.json(production).get("error").asString()).contains("only in staging");
    assertThat(replica.get("/v2/models/fading?environment=staging").statusCode()).isEqualTo(200);

    publisher.publish(Topics.DESIRED_STATE, "staging/fading", null, null).join();
    await("withdrawn").until(() -> servedVersion("staging", "fading") == 0);
  }

  @Test
  void startsAgainFromItsCacheAndTheTopicWithTheSameEventIds() {
    want("production", "lasting", 2, 2, "regression", regression);
    Path home = folder.resolve("again");
    String[] same = {"--millrace.inference.replica=replica-2"};
    try (Replica first = Replica.start(home, artifacts.uri(), ENVIRONMENTS, same)) {
      await("served").until(() -> first.get("/v2/models/lasting/ready").statusCode() == 200);
    }
    String nobody = "http://127.0.0.1:1";
    try (Replica second = Replica.start(home, nobody, ENVIRONMENTS, same)) {
      await("ready from the cache")
          .atMost(Duration.ofSeconds(60))
          .until(() -> second.get("/v2/models/lasting/ready").statusCode() == 200);
      try (Events<ModelDeployed> deployed = new Events<>(Topics.DEPLOYMENTS, ModelDeployed.class)) {
        await("told twice under one id")
            .untilAsserted(
                () -> {
                  List<Events.Seen<ModelDeployed>> told =
                      deployed.matching(
                          e ->
                              e.getModelName().equals("lasting")
                                  && e.getReplica().equals("replica-2"));
                  assertThat(told).hasSize(2);
                  assertThat(told.stream().map(Events.Seen::id).collect(Collectors.toSet()))
                      .hasSize(1);
                });
      }
    }
  }

  @Test
  void answersOneRowQuickly() {
    want("production", "fast", 1, 1, "forest", forest);
    awaitVersion("production", "fast", 1);
    String body = matrix(null, List.of(9));
    for (int i = 0; i < 1000; i++) {
      replica.post("/v2/models/fast/infer", body);
    }
    long[] nanos = new long[1000];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      replica.post("/v2/models/fast/infer", body);
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    log.info("one row over HTTP: p50 {} us, p99 {} us", nanos[500] / 1000, nanos[990] / 1000);
    assertThat(nanos[500]).as("p50, generous for a busy machine").isLessThan(20_000_000);
    assertThat(replica.get("/actuator/prometheus").body())
        .contains(
            "inference_request_duration_seconds_bucket{environment=\"production\",model=\"fast\",outcome=\"answered\"")
        .contains("inference_models_loaded");
  }

  @Test
  void keepsMemoryBoundedForLargeAndManyBodies() {
    want("production", "bounded", 1, 1, "forest", forest);
    awaitVersion("production", "bounded", 1);
    String large = "{\"inputs\":[" + " ".repeat(9 << 20) + "]}";
    HttpResponse<String> refused = replica.post("/v2/models/bounded/infer", large);
    assertThat(refused.statusCode()).isEqualTo(413);
    assertThat(Replica.json(refused).get("error").asString())
        .contains("millrace.inference.max-body");
    String zeros = "{\"instances\":[" + "{},".repeat(2_000_000) + "{}]}";
    assertThat(
            replica
                .post("/invocations?model=bounded", zeros, "Content-Type", "application/json")
                .statusCode())
        .isEqualTo(400);
    AtomicLong held = new AtomicLong();
    await("no body is held any more")
        .until(
            () -> {
              held.set(
                  replica
                          .get("/actuator/metrics/inference.bodies.held")
                          .body()
                          .contains("\"value\":0.0")
                      ? 0
                      : 1);
              return held.get() == 0;
            });
  }

  @Test
  void answersErrorsInTheFormOfTheirProtocol() {
    want("production", "strict", 1, 1, "forest", forest);
    awaitVersion("production", "strict", 1);
    String good = matrix(null, List.of(9));
    for (Object[] each :
        new Object[][] {
          {replica.post("/v2/models/none/infer", good), 404, "is not served in production"},
          {replica.post("/v2/models/strict/versions/9/infer", good), 404, "serves version 1"},
          {replica.post("/v2/models/strict/infer", "{"), 400, "not the JSON"},
          {replica.post("/v2/models/strict/infer", good.replace("30]", "31]")), 400, "needs 31"},
          {replica.post("/v2/models/strict/infer", good, "Content-Encoding", "gzip"), 415, "gzip"},
          {
            replica.post("/v2/models/strict/infer", good, "Inference-Header-Content-Length", "9"),
            400,
            "binary"
          },
          {replica.get("/v2/models/strict/infer"), 405, "takes POST"},
          {replica.post("/v2/health/live", ""), 405, "takes GET"},
          {replica.get("/v2/nowhere"), 404, "no such path"},
        }) {
      HttpResponse<?> answer = (HttpResponse<?>) each[0];
      assertThat(answer.statusCode()).as(answer.toString()).isEqualTo(each[1]);
      assertThat(answer.headers().firstValue("Content-Type").orElse(""))
          .startsWith("application/json");
      assertThat(
              tools.jackson.databind.json.JsonMapper.shared()
                  .readTree((String) answer.body())
                  .get("error")
                  .asString())
          .contains((String) each[2]);
    }
    HttpResponse<String> mlflow =
        replica.post("/invocations?model=strict", "{}", "Content-Type", "application/json");
    assertThat(mlflow.statusCode()).isEqualTo(400);
    assertThat(Replica.json(mlflow).get("error_code").asString()).isEqualTo("BAD_REQUEST");
    assertThat(
            Replica.json(
                    replica.post(
                        "/invocations?model=none", "{}", "Content-Type", "application/json"))
                .get("error_code")
                .asString())
        .isEqualTo("RESOURCE_DOES_NOT_EXIST");
    for (String type :
        List.of(
            "application/x-parquet", "application/json; charset=latin1", "text/csv; header=1")) {
      assertThat(replica.post("/invocations?model=strict", "{}", "Content-Type", type).statusCode())
          .as(type)
          .isEqualTo(415);
    }
    assertThat(replica.get("/v2/").statusCode()).isEqualTo(200);
    assertThat(replica.get("/ping").statusCode()).isEqualTo(200);
    assertThat(replica.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(replica.getJson("/v2/models/strict").get("inputs").toString())
        .isEqualTo("[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[-1,30]}]");
  }

  private static void want(
      String environment, String model, int version, long revision, String run, ModelPackage from) {
    want(environment, model, version, revision, run, from, from.sha256());
  }

  private static void want(
      String environment,
      String model,
      int version,
      long revision,
      String run,
      ModelPackage from,
      String sha256) {
    publisher
        .publish(
            Topics.DESIRED_STATE,
            environment + "/" + model,
            DesiredState.newBuilder()
                .setRequestId("request-" + model + "-" + revision)
                .setEnvironment(environment)
                .setModelName(model)
                .setVersion(version)
                .setRevision(revision)
                .setRunId(run)
                .setModelPackage(
                    FileRef.newBuilder()
                        .setUri("mlflow-artifacts:/1/" + run + "/artifacts/model")
                        .setMediaType(ModelPackage.MEDIA_TYPE)
                        .setSha256(sha256)
                        .setSize(from.size())
                        .build())
                .setPipeline("{}")
                .setDecidedAt(Instant.now())
                .build(),
            "request-" + model + "-" + revision)
        .join();
  }

  private static void awaitVersion(String environment, String model, int version) {
    await(model + " version " + version + " is served")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> servedVersion(environment, model) == version);
  }

  private static int servedVersion(String environment, String model) {
    HttpResponse<String> found = replica.get("/v2/models/" + model + "?environment=" + environment);
    return found.statusCode() == 200
        ? Integer.parseInt(Replica.json(found).get("versions").get(0).asString())
        : 0;
  }

  private static String matrix(String id, List<Integer> rows) {
    return "{%s\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP64\",\"shape\":[%d,30],\"data\":%s}]}"
        .formatted(id == null ? "" : "\"id\":\"" + id + "\",", rows.size(), nested(rows));
  }

  private static String nested(List<Integer> rows) {
    return rows.stream().map(r -> BreastCancer.row(r).toString()).toList().toString();
  }

  private static String quoted(List<String> names) {
    List<String> quoted = new ArrayList<>();
    names.forEach(name -> quoted.add('"' + name + '"'));
    return quoted.toString();
  }
}
