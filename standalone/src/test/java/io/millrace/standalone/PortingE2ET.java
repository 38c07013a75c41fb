package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.embedded.EmbeddedPlatform;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two platforms with a database and a bucket each. One is filled through MLflow's API and copied to
 * the other by the real command in processes of its own, some of which are killed; then both sides
 * are compared field by field.
 */
@TestMethodOrder(OrderAnnotation.class)
class PortingE2ET {

  private static final Path LIB = Path.of("target/dist/lib").toAbsolutePath();
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String API = "/api/2.0/mlflow";
  private static final String IMPORTED = "millrace.import.";
  private static final int RUNS = 14;

  @TempDir static Path home;
  private static Side source;
  private static Side target;

  /** One platform, as far as MLflow's clients see it. */
  private static final class Side implements AutoCloseable {
    private final List<ConfigurableApplicationContext> contexts = new ArrayList<>();
    private final HttpClient http =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI gateway;

    Side(String name) {
      var platform = EmbeddedPlatform.shared();
      var database = platform.freshDatabase();
      var wiring =
          Wiring.of(
              new Wiring.Infrastructure(
                  platform.kafkaBootstrap(),
                  database.jdbcUrl(),
                  database.user(),
                  database.password(),
                  platform.s3Endpoint(),
                  platform.s3AccessKey(),
                  platform.s3SecretKey()),
              0,
              home.resolve(name));
      gateway = wiring.address(Service.GATEWAY);
      for (var service : List.of(Service.TRACKING, Service.ARTIFACT, Service.GATEWAY)) {
        var arguments = new ArrayList<>(wiring.arguments(service));
        arguments.removeIf(argument -> argument.startsWith("--millrace.s3.bucket="));
        arguments.add("--millrace.s3.bucket=" + database.name().replace('_', '-'));
        arguments.add("--spring.main.register-shutdown-hook=false");
        contexts.add(service.application().run(arguments.toArray(String[]::new)));
      }
    }

    JsonNode post(String call, Map<String, ?> body) {
      return send(call, "POST", JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8));
    }

    JsonNode get(String call, String... query) {
      var text = new StringBuilder(API + call);
      for (int i = 0; i < query.length; i += 2) {
        text.append(i == 0 ? '?' : '&').append(query[i]).append('=').append(encoded(query[i + 1]));
      }
      return JSON.readTree(bytes(text.toString(), "GET", null));
    }

    JsonNode send(String call, String method, byte[] body) {
      return JSON.readTree(bytes(API + call, method, body));
    }

    byte[] bytes(String path, String method, byte[] body) {
      try {
        var request =
            HttpRequest.newBuilder(gateway.resolve(path))
                .header("Content-Type", "application/json")
                .method(
                    method,
                    body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        var response = http.send(request.build(), BodyHandlers.ofByteArray());
        assertThat(response.statusCode())
            .as(method + " " + path + ": " + new String(response.body(), StandardCharsets.UTF_8))
            .isEqualTo(200);
        return response.body();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    void artifact(JsonNode run, String path, byte[] content) {
      bytes(artifactPath(run, path), "PUT", content);
    }

    private static String artifactPath(JsonNode run, String path) {
      var root = run.at("/info/artifact_uri").asString().replaceAll("^mlflow-artifacts:/+", "");
      var encoded = new ArrayList<String>();
      for (var segment : (root + "/" + path).split("/")) {
        encoded.add(encoded(segment));
      }
      return "/api/2.0/mlflow-artifacts/artifacts/" + String.join("/", encoded);
    }

    List<JsonNode> experiments() {
      var all =
          post("/experiments/search", Map.of("max_results", 1000, "view_type", "ALL"))
              .path("experiments");
      return all.valueStream().toList();
    }

    List<JsonNode> runs(String experimentId) {
      List<JsonNode> runs = new ArrayList<>();
      var token = "";
      do {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("experiment_ids", List.of(experimentId));
        body.put("run_view_type", "ALL");
        body.put("max_results", 5);
        if (!token.isEmpty()) {
          body.put("page_token", token);
        }
        var answer = post("/runs/search", body);
        answer.path("runs").forEach(runs::add);
        token = answer.path("next_page_token").asString("");
      } while (!token.isEmpty());
      return runs;
    }

    List<String> files(String runId, String folder) {
      List<String> files = new ArrayList<>();
      for (var file : get("/artifacts/list", "run_id", runId, "path", folder).path("files")) {
        var path = file.path("path").asString();
        if (file.path("is_dir").asBoolean()) {
          files.addAll(files(runId, path));
        } else {
          files.add(path);
        }
      }
      return files;
    }

    @Override
    public void close() {
      contexts.reversed().forEach(ConfigurableApplicationContext::close);
      http.shutdownNow();
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @BeforeAll
  static void start() {
    source = new Side("source");
    target = new Side("target");
    fill(source);
    // The target's own things must stay as they are, and its ids must not be the source's.
    for (int i = 0; i < 3; i++) {
      target.post("/experiments/create", Map.of("name", "own-" + i));
    }
  }

  @AfterAll
  static void stop() {
    for (var side : new Side[] {source, target}) {
      if (side != null) {
        side.close();
      }
    }
  }

  private static Map<String, String> tag(String key, String value) {
    return Map.of("key", key, "value", value);
  }

  private static JsonNode run(Side side, String experimentId, String name, Object... tags) {
    return side.post(
            "/runs/create",
            Map.of(
                "experiment_id",
                experimentId,
                "user_id",
                "ada",
                "run_name",
                name,
                "start_time",
                1_700_000_000_000L + name.hashCode() % 1000,
                "tags",
                List.of(tags)))
        .path("run");
  }

  private static void fill(Side side) {
    var iris =
        side.post(
                "/experiments/create",
                Map.of("name", "iris", "tags", List.of(tag("team", "é 漢"), tag("x", ""))))
            .path("experiment_id")
            .asString();
    String parent = "";
    for (int i = 0; i < RUNS; i++) {
      var run =
          parent.isEmpty()
              ? run(side, iris, "run " + i, tag("mlflow.source.name", "train.py"))
              : run(side, iris, "run " + i, tag("mlflow.parentRunId", parent));
      var id = run.at("/info/run_id").asString();
      parent = i == 0 ? id : parent;
      contents(side, run, id, i);
      side.post(
          "/runs/update",
          i == 5
              ? Map.of("run_id", id, "status", "RUNNING")
              : Map.of(
                  "run_id",
                  id,
                  "status",
                  i == 3 ? "FAILED" : "FINISHED",
                  "end_time",
                  1_700_000_100_000L + i));
      if (i == 4) {
        side.post("/runs/delete", Map.of("run_id", id));
      }
    }
    loggedModel(side, iris, parent);
    run(side, "0", "in default");
    var old =
        side.post("/experiments/create", Map.of("name", "old")).path("experiment_id").asString();
    run(side, old, "forgotten");
    side.post("/experiments/delete", Map.of("experiment_id", old));
    models(side, side.runs(iris));
  }

  private static void contents(Side side, JsonNode run, String id, int i) {
    List<Map<String, ?>> metrics = new ArrayList<>();
    for (int step = 0; step < (i == 0 ? 990 : 20); step++) {
      metrics.add(
          Map.of(
              "key",
              "loss",
              "value",
              1.0 / (step + 1 + i),
              "timestamp",
              1000 + step,
              "step",
              step));
    }
    metrics.add(Map.of("key", "odd", "value", "NaN", "timestamp", 7, "step", -3));
    metrics.add(Map.of("key", "huge", "value", 1e308, "timestamp", 7, "step", 0));
    for (int round = 0; round < (i == 0 ? 13 : 1); round++) {
      var shifted = round;
      side.post(
          "/runs/log-batch",
          Map.of(
              "run_id",
              id,
              "metrics",
              round == 0
                  ? metrics
                  : metrics.stream()
                      .map(
                          metric -> {
                            Map<String, Object> later = new LinkedHashMap<>(metric);
                            later.put("timestamp", (int) metric.get("timestamp") + 1000 * shifted);
                            return later;
                          })
                      .toList()));
    }
    List<Map<String, String>> params = new ArrayList<>();
    for (int p = 0; p < (i == 1 ? 250 : 3); p++) {
      params.add(tag("param/" + p, "value " + p + " ü"));
    }
    for (int from = 0; from < params.size(); from += 100) {
      side.post(
          "/runs/log-batch",
          Map.of(
              "run_id", id, "params", params.subList(from, Math.min(params.size(), from + 100))));
    }
    side.post(
        "/runs/log-inputs",
        Map.of(
            "run_id",
            id,
            "datasets",
            List.of(
                Map.of(
                    "tags",
                    List.of(tag("mlflow.data.context", "training")),
                    "dataset",
                    Map.of(
                        "name",
                        "flowers",
                        "digest",
                        "d" + i,
                        "source_type",
                        "local",
                        "source",
                        "{}",
                        "schema",
                        "{\"a\":1}")))));
    side.artifact(run, "model/MLmodel", ("run_id: " + id + "\n").getBytes(StandardCharsets.UTF_8));
    side.artifact(run, "model/data/größe 1.txt", "x".getBytes(StandardCharsets.UTF_8));
    side.artifact(run, "empty", new byte[0]);
    var large = new byte[i == 0 ? 20_000_000 : 40_000];
    new Random(i).nextBytes(large);
    side.artifact(run, "model/weights.bin", large);
  }

  private static void loggedModel(Side side, String experiment, String run) {
    var model =
        side.post(
                "/logged-models",
                Map.of(
                    "experiment_id",
                    experiment,
                    "name",
                    "forest",
                    "model_type",
                    "classifier",
                    "source_run_id",
                    run,
                    "params",
                    List.of(tag("trees", "3")),
                    "tags",
                    List.of(tag("stage", "draft"))))
            .path("model");
    var id = model.at("/info/model_id").asString();
    side.artifact(model, "MLmodel", "flavors: {}\n".getBytes(StandardCharsets.UTF_8));
    side.artifact(model, "data/trees.bin", new byte[] {1, 2, 3});
    side.post(
        "/runs/log-metric",
        Map.of(
            "run_id",
            run,
            "key",
            "auc",
            "value",
            0.9,
            "timestamp",
            5,
            "step",
            2,
            "model_id",
            id,
            "dataset_name",
            "flowers",
            "dataset_digest",
            "d0"));
    side.post(
        "/runs/outputs",
        Map.of("run_id", run, "models", List.of(Map.of("model_id", id, "step", 2))));
    side.send(
        "/logged-models/" + id,
        "PATCH",
        JSON.writeValueAsBytes(Map.of("model_id", id, "status", "LOGGED_MODEL_READY")));
  }

  private static List<JsonNode> loggedModels(Side side) {
    var experiment = experiment(side, "iris").path("experiment_id").asString();
    return side.post("/logged-models/search", Map.of("experiment_ids", List.of(experiment)))
        .path("models")
        .valueStream()
        .toList();
  }

  private static void compareLoggedModels(Map<String, String> copies) {
    var originals = loggedModels(source);
    var there = loggedModels(target);
    assertThat(originals).hasSize(1);
    assertThat(there).hasSize(1);
    var original = originals.getFirst();
    var copy = there.getFirst();
    for (var field : List.of("name", "model_type", "status")) {
      assertThat(copy.at("/info/" + field)).as(field).isEqualTo(original.at("/info/" + field));
    }
    var run = copies.get(original.at("/info/source_run_id").asString());
    assertThat(copy.at("/info/source_run_id").asString()).isEqualTo(run);
    assertThat(withoutImport(tags(copy.at("/info/tags"))))
        .isEqualTo(tags(original.at("/info/tags")));
    assertThat(copy.at("/data/params")).isEqualTo(original.at("/data/params"));
    assertThat(copy.at("/data/metrics")).hasSize(1);
    for (var field :
        List.of("key", "value", "timestamp", "step", "dataset_name", "dataset_digest")) {
      assertThat(copy.at("/data/metrics/0/" + field))
          .as(field)
          .isEqualTo(original.at("/data/metrics/0/" + field));
    }
    assertThat(copy.at("/data/metrics/0/run_id").asString()).isEqualTo(run);
    var id = copy.at("/info/model_id").asString();
    var outputs = target.get("/runs/get", "run_id", run).at("/run/outputs/model_outputs");
    assertThat(outputs).hasSize(1);
    assertThat(outputs.at("/0/model_id").asString()).isEqualTo(id);
    assertThat(outputs.at("/0/step").asInt()).isEqualTo(2);
    for (var file : List.of("MLmodel", "data/trees.bin")) {
      assertThat(target.bytes(Side.artifactPath(copy, file), "GET", null))
          .isEqualTo(source.bytes(Side.artifactPath(original, file), "GET", null));
    }
  }

  private static void models(Side side, List<JsonNode> runs) {
    side.post(
        "/registered-models/create",
        Map.of("name", "iris", "description", "flowers", "tags", List.of(tag("team", "a"))));
    for (int version = 1; version <= 6; version++) {
      var run = runs.get(version);
      side.post(
          "/model-versions/create",
          Map.of(
              "name",
              "iris",
              "source",
              run.at("/info/artifact_uri").asString() + "/model",
              "run_id",
              run.at("/info/run_id").asString(),
              "description",
              "version " + version,
              "tags",
              List.of(tag("v", "" + version))));
    }
    for (var gone : List.of("1", "2", "4")) {
      side.send(
          "/model-versions/delete",
          "DELETE",
          JSON.writeValueAsBytes(Map.of("name", "iris", "version", gone)));
    }
    side.post(
        "/model-versions/transition-stage",
        Map.of(
            "name",
            "iris",
            "version",
            "3",
            "stage",
            "Production",
            "archive_existing_versions",
            false));
    side.post(
        "/registered-models/alias", Map.of("name", "iris", "alias", "champion", "version", "5"));
    side.post(
        "/registered-models/create",
        Map.of("name", "greeting", "tags", List.of(tag("mlflow.prompt.is_prompt", "true"))));
  }

  // ---- the command

  /** The real command in a process of its own. */
  private static Process start(String... arguments) {
    try {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx96m",
                  "-cp",
                  LIB.resolve("*").toString(),
                  "io.millrace.cli.Millrace"));
      command.addAll(Arrays.asList(arguments));
      command.addAll(List.of("--gateway", target.gateway.toString()));
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("command.log").toFile())
              .start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode execute(String... arguments) throws Exception {
    var process = start(arguments);
    var ended = process.waitFor(180, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    var said = Files.readString(home.resolve("command.log"));
    assertThat(ended).as(said).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return JSON.readTree(said.lines().reduce((before, last) -> last).orElse("{}"));
  }

  private static String[] importMlflow(Path state, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "import",
                "mlflow",
                "--from",
                source.gateway.toString(),
                "--state",
                state.toString(),
                "--json"));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray(String[]::new);
  }

  // ---- the tests, one after the other: a later one imports into what the earlier ones left

  @Test
  @Order(1)
  void goesOnAfterEveryKillAndDoublesNothing() throws Exception {
    var state = home.resolve("state.jsonl");
    for (int lines : new int[] {4, 12, 25, 45, 60}) {
      var process = start(importMlflow(state, "--experiments", "iris", "--parallel", "2"));
      await("line " + lines + " of the state")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> !process.isAlive() || lines(state) >= lines);
      assertThat(process.isAlive()).as(Files.readString(home.resolve("command.log"))).isTrue();
      process.destroyForcibly().waitFor();
    }
    var report = execute(importMlflow(state, "--experiments", "iris"));
    assertThat(report.path("failed")).isEmpty();
    compareExperiment("iris");
  }

  private static int lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file).size() : 0;
  }

  @Test
  @Order(2)
  void bringsTheRestThroughADirectory() throws Exception {
    var export = home.resolve("export");
    var written =
        execute("export", "--to", export.toString(), "--from", source.gateway.toString(), "--json");
    assertThat(written.path("failed")).isEmpty();
    assertThat(written.path("runs").asInt()).isEqualTo(RUNS + 2);
    assertThat(start("import", "dir", export.toString(), "--verify").waitFor()).isZero();
    var read =
        execute(
            "import",
            "dir",
            export.toString(),
            "--state",
            home.resolve("dir-state.jsonl").toString(),
            "--json");
    assertThat(read.path("failed")).isEmpty();
    compareEverything();
  }

  @Test
  @Order(3)
  void findsEveryCopyAgainWhenTheStateIsLost() throws Exception {
    var report = execute(importMlflow(home.resolve("another-state.jsonl")));
    assertThat(report.path("failed")).isEmpty();
    compareEverything();
  }

  @Test
  @Order(4)
  void followsWhatHappensInTheSourceMeanwhile() throws Exception {
    var state = home.resolve("another-state.jsonl");
    var iris = experiment(source, "iris").path("experiment_id").asString();
    var running =
        source.runs(iris).stream()
            .filter(run -> run.at("/info/status").asString().equals("RUNNING"))
            .findFirst()
            .orElseThrow()
            .at("/info/run_id")
            .asString();
    source.post(
        "/runs/log-metric",
        Map.of(
            "run_id", running, "key", "loss", "value", 0.001, "timestamp", 9_999_999, "step", 999));
    source.post(
        "/runs/update",
        Map.of("run_id", running, "status", "FINISHED", "end_time", 1_700_000_999_000L));
    run(source, iris, "a late one");
    var report = execute(importMlflow(state));
    assertThat(report.path("runs").asInt()).isEqualTo(2);
    assertThat(report.path("runs_unchanged").asInt()).isEqualTo(RUNS + 1);
    compareEverything();
  }

  // ---- comparing

  private static JsonNode experiment(Side side, String name) {
    return side.experiments().stream()
        .filter(experiment -> experiment.path("name").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void compareEverything() {
    for (var experiment : source.experiments()) {
      compareExperiment(experiment.path("name").asString());
    }
    assertThat(target.experiments().stream().map(it -> it.path("name").asString()))
        .containsExactlyInAnyOrder("Default", "iris", "old", "own-0", "own-1", "own-2");
    compareModels();
  }

  private static Map<String, String> tags(JsonNode list) {
    Map<String, String> tags = new TreeMap<>();
    list.forEach(tag -> tags.put(tag.path("key").asString(), tag.path("value").asString()));
    return tags;
  }

  private static Map<String, String> withoutImport(Map<String, String> tags) {
    var rest = new TreeMap<>(tags);
    rest.keySet().removeIf(key -> key.startsWith(IMPORTED));
    return rest;
  }

  private static Map<String, String> copies() {
    Map<String, String> copies = new TreeMap<>();
    for (var experiment : target.experiments()) {
      for (var run : target.runs(experiment.path("experiment_id").asString())) {
        var original = tags(run.at("/data/tags")).get(IMPORTED + "run_id");
        if (original != null) {
          assertThat(copies.put(original, run.at("/info/run_id").asString()))
              .as("copies of " + original)
              .isNull();
        }
      }
    }
    return copies;
  }

  private static void compareExperiment(String name) {
    var from = experiment(source, name);
    var to = experiment(target, name);
    assertThat(to.path("lifecycle_stage")).isEqualTo(from.path("lifecycle_stage"));
    assertThat(withoutImport(tags(to.path("tags")))).isEqualTo(tags(from.path("tags")));
    var copies = copies();
    Map<String, JsonNode> there = new TreeMap<>();
    target
        .runs(to.path("experiment_id").asString())
        .forEach(run -> there.put(run.at("/info/run_id").asString(), run));
    var originals = source.runs(from.path("experiment_id").asString());
    assertThat(there).hasSameSizeAs(originals);
    for (var original : originals) {
      var id = original.at("/info/run_id").asString();
      assertThat(copies).containsKey(id);
      compareRun(original, there.get(copies.get(id)), copies);
    }
  }

  private static void compareRun(JsonNode original, JsonNode copy, Map<String, String> copies) {
    for (var field :
        List.of("run_name", "user_id", "status", "start_time", "end_time", "lifecycle_stage")) {
      assertThat(copy.at("/info/" + field)).as(field).isEqualTo(original.at("/info/" + field));
    }
    assertThat(tags(copy.at("/data/params"))).isEqualTo(tags(original.at("/data/params")));
    var expected = tags(original.at("/data/tags"));
    expected.computeIfPresent("mlflow.parentRunId", (key, parent) -> copies.get(parent));
    assertThat(withoutImport(tags(copy.at("/data/tags")))).isEqualTo(expected);
    assertThat(tags(copy.at("/data/tags")))
        .containsEntry(IMPORTED + "source", source.gateway.toString());
    assertThat(copy.path("inputs")).isEqualTo(original.path("inputs"));
    assertThat(
            new TreeSet<>(copy.at("/data/metrics").valueStream().map(JsonNode::toString).toList()))
        .isEqualTo(
            new TreeSet<>(
                original.at("/data/metrics").valueStream().map(JsonNode::toString).toList()));
    var from = original.at("/info/run_id").asString();
    var to = copy.at("/info/run_id").asString();
    for (var metric : original.at("/data/metrics")) {
      var key = metric.path("key").asString();
      assertThat(target.get("/metrics/get-history", "run_id", to, "metric_key", key))
          .as("history of " + key)
          .isEqualTo(source.get("/metrics/get-history", "run_id", from, "metric_key", key));
    }
    var files = source.files(from, "");
    assertThat(target.files(to, "")).containsExactlyInAnyOrderElementsOf(files);
    for (var file : files) {
      assertThat(
              Arrays.equals(
                  target.bytes(Side.artifactPath(copy, file), "GET", null),
                  source.bytes(Side.artifactPath(original, file), "GET", null)))
          .as(file)
          .isTrue();
    }
  }

  private static void compareModels() {
    var copies = copies();
    compareLoggedModels(copies);
    var from = source.get("/registered-models/get", "name", "iris").path("registered_model");
    var to = target.get("/registered-models/get", "name", "iris").path("registered_model");
    assertThat(to.path("description")).isEqualTo(from.path("description"));
    assertThat(withoutImport(tags(to.path("tags")))).isEqualTo(tags(from.path("tags")));
    assertThat(to.path("aliases")).isEqualTo(from.path("aliases")).hasSize(1);
    assertThat(target.get("/registered-models/get", "name", "greeting").toString())
        .contains("is_prompt");
    var versions = versions(source);
    assertThat(versions.keySet()).containsExactly("3", "5", "6");
    var there = versions(target);
    assertThat(there.keySet()).isEqualTo(versions.keySet());
    versions.forEach(
        (number, version) -> {
          var copy = there.get(number);
          for (var field : List.of("description", "current_stage", "status", "aliases")) {
            assertThat(copy.path(field)).as(field).isEqualTo(version.path(field));
          }
          assertThat(withoutImport(tags(copy.path("tags")))).isEqualTo(tags(version.path("tags")));
          var run = copies.get(version.path("run_id").asString());
          assertThat(copy.path("run_id").asString()).isEqualTo(run);
          var root = target.get("/runs/get", "run_id", run).at("/run/info/artifact_uri").asString();
          assertThat(copy.path("source").asString()).isEqualTo(root + "/model");
        });
  }

  private static Map<String, JsonNode> versions(Side side) {
    Map<String, JsonNode> versions = new TreeMap<>();
    side.get("/model-versions/search", "filter", "name = 'iris'")
        .path("model_versions")
        .forEach(version -> versions.put(version.path("version").asString(), version));
    return versions;
  }
}
