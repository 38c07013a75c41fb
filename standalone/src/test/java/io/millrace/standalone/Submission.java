package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cli.Millrace;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real repository, submitted to a running platform and trained to the end. */
final class Submission {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final URI gateway;

  Submission(URI gateway) {
    this.gateway = gateway;
  }

  private static void git(Path where, String... arguments) throws Exception {
    var command =
        Stream.concat(
                Stream.of("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"),
                Stream.of(arguments))
            .toList();
    assertThat(new ProcessBuilder(command).directory(where.toFile()).inheritIO().start().waitFor())
        .isZero();
  }

  private byte[] get(String path) throws Exception {
    return call(HttpRequest.newBuilder(gateway.resolve(path)).GET().build());
  }

  private static byte[] call(HttpRequest request) throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var response = http.send(request, BodyHandlers.ofByteArray());
      assertThat(response.statusCode()).as(request.uri().toString()).isEqualTo(200);
      return response.body();
    }
  }

  /** No pipeline of this platform may have had the sample's name before. */
  void bindsARunToItsCommit(Path project) throws Exception {
    var samples = Path.of("../samples");
    Files.createDirectories(project);
    Files.copy(samples.resolve("breast-cancer.yaml"), project.resolve("pipeline.yaml"));
    Files.writeString(project.resolve("train.py"), "print(1)\n");
    git(project, "init", "-q", "-b", "main");
    git(project, "add", "--all");
    git(project, "commit", "-q", "-m", "first");
    git(project, "remote", "add", "origin", "https://ada:t0ken@git.example.org/cancer.git");
    Files.writeString(project.resolve("train.py"), "print(2)\n");
    var arguments =
        List.of(
            "submit",
            project.toString(),
            "-f",
            project.resolve("pipeline.yaml").toString(),
            "--data",
            samples.resolve("breast-cancer.csv").toString(),
            "--set",
            "train.params.trees=30",
            "--gateway",
            gateway.toString());
    assertThat(Millrace.execute(arguments.toArray(String[]::new))).as("refused").isEqualTo(4);
    assertThat(
            Millrace.execute(
                Stream.concat(arguments.stream(), Stream.of("--allow-dirty"))
                    .toArray(String[]::new)))
        .isZero();
    var tags = tags();
    assertThat(tags)
        .containsEntry("mlflow.source.name", "https://git.example.org/cancer.git")
        .containsEntry("mlflow.source.type", "PROJECT")
        .containsEntry("mlflow.source.git.branch", "main")
        .containsEntry("mlflow.source.git.repoURL", "https://git.example.org/cancer.git")
        .containsEntry("mlflow.project.entryPoint", "main")
        .containsEntry("millrace.git.dirty", "true");
    assertThat(tags.get("mlflow.source.git.commit")).hasSize(40);
    assertThat(
            new String(stored(tags, "millrace.code.diff"), java.nio.charset.StandardCharsets.UTF_8))
        .contains("-print(1)")
        .contains("+print(2)");
    assertThat(stored(tags, "millrace.code.archive")).startsWith(0x1f, 0x8b);
  }

  private Map<String, String> tags() throws Exception {
    var experiment =
        json(get("/api/2.0/mlflow/experiments/get-by-name?experiment_name=breast-cancer"));
    var search =
        HttpRequest.newBuilder(gateway.resolve("/api/2.0/mlflow/runs/search"))
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofString(
                    "{\"experiment_ids\":[\"%s\"]}"
                        .formatted(experiment.at("/experiment/experiment_id").asString())))
            .build();
    var runs = json(call(search)).path("runs");
    assertThat(runs).hasSize(1);
    Map<String, String> tags = new TreeMap<>();
    runs.get(0)
        .at("/data/tags")
        .forEach(tag -> tags.put(tag.path("key").asString(), tag.path("value").asString()));
    return tags;
  }

  private static JsonNode json(byte[] body) {
    return JSON.readTree(body);
  }

  /** The stored file that a tag names, whose bytes have the SHA-256 that the tag beside it says. */
  private byte[] stored(Map<String, String> tags, String tag) throws Exception {
    var path = URI.create(tags.get(tag)).getPath();
    var bytes = get("/api/2.0/mlflow-artifacts/artifacts" + path);
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
        .isEqualTo(tags.get(tag + ".sha256"));
    return bytes;
  }
}
