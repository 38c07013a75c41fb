package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A real repository, submitted to a small server that stores and answers as the gateway would; the
 * real one is met in standalone.
 */
class SubmitCommandTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final StringWriter errors = new StringWriter();
  private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
  private final List<JsonNode> requests = new ArrayList<>();
  private HttpServer server;
  private Path project;
  private Path pipeline;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/api/2.0/mlflow-artifacts/artifacts/", this::artifact);
    server.createContext(
        "/api/v1/pipelines",
        exchange -> send(exchange, 200, "{\"name\":\"p\",\"version\":1,\"created\":true}"));
    server.createContext(
        "/api/v1/train-requests",
        exchange -> {
          requests.add(GatewayClient.JSON.readTree(exchange.getRequestBody().readAllBytes()));
          send(exchange, 202, "{}");
        });
    server.start();
    project = Files.createDirectories(folder.resolve("project"));
    pipeline = folder.resolve("pipeline.yaml");
    Files.writeString(
        pipeline,
        """
        name: p
        dataset: {name: d, target: t}
        train: {trainer: smile/random-forest, params: {trees: 3}}
        """);
    Files.writeString(project.resolve("train.py"), "print(1)\n");
    git("init", "-q", "-b", "main");
    git("add", "--all");
    git("commit", "-q", "-m", "first");
    git("remote", "add", "origin", "https://ada:t0ken@git.example.org/x.git");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void git(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"));
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).directory(project.toFile()).inheritIO().start();
    assertThat(process.waitFor()).isZero();
  }

  private void artifact(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getPath().replaceAll(".*/artifacts/", "");
    if (exchange.getRequestMethod().equals("PUT")) {
      var bytes = exchange.getRequestBody().readAllBytes();
      assertThat(exchange.getRequestHeaders().getFirst("Millrace-Sha256")).isEqualTo(sha256(bytes));
      stored.put(path, bytes);
      send(exchange, 200, "{}");
    } else {
      var bytes = stored.get(path);
      if (bytes != null) {
        exchange.getResponseHeaders().add("ETag", "\"" + sha256(bytes) + "\"");
      }
      exchange.sendResponseHeaders(bytes == null ? 404 : 200, -1);
      exchange.close();
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private int submit(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "submit",
                project.toString(),
                "-f",
                pipeline.toString(),
                "--detach",
                "--gateway",
                "http://127.0.0.1:" + server.getAddress().getPort()));
    arguments.addAll(List.of(more));
    var root =
        new Millrace(
            new PlatformFolder(folder.resolve("home")),
            new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false));
    return Millrace.commandLine(root)
        .setErr(new PrintWriter(errors, true))
        .execute(arguments.toArray(String[]::new));
  }

  private String said() {
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  void storesTheCommitAndNamesItInTheRequest() {
    assertThat(submit("--entry", "fit")).as(errors.toString()).isZero();
    var code = requests.getFirst().path("code");
    assertThat(code.path("commit").asString()).hasSize(40);
    assertThat(code.path("branch").asString()).isEqualTo("main");
    assertThat(code.path("repository").asString()).isEqualTo("https://git.example.org/x.git");
    assertThat(code.path("entryPoint").asString()).isEqualTo("fit");
    assertThat(code.path("diff").isNull()).isTrue();
    var sha256 = code.at("/archive/sha256").asString();
    var path = "projects/" + sha256 + "/project.tar.gz";
    assertThat(code.at("/archive/uri").asString()).isEqualTo("mlflow-artifacts:/" + path);
    assertThat(sha256(stored.get(path))).isEqualTo(sha256);
    assertThat(said()).doesNotContain("t0ken").contains("is on no branch of a remote");
  }

  @Test
  void storesTheSameCommitOnce() {
    assertThat(submit()).isZero();
    assertThat(submit()).isZero();
    assertThat(stored).hasSize(1);
    assertThat(said()).contains("(stored before)");
    assertThat(requests.get(0).path("requestId")).isNotEqualTo(requests.get(1).path("requestId"));
  }

  @Test
  void refusesWhatIsNotCommittedAndSaysWhatToDo() throws IOException {
    Files.writeString(project.resolve("train.py"), "print(2)\n");
    Files.writeString(project.resolve("new.py"), "");
    assertThat(submit()).isEqualTo(SubmitCommand.DIRTY);
    assertThat(said()).contains("train.py").contains("new.py").contains(".gitignore");
    assertThat(errors.toString()).contains("--allow-dirty");
    assertThat(stored).isEmpty();
    assertThat(requests).isEmpty();
  }

  @Test
  void storesWhatIsNotCommittedAsADiffWhereThatIsAllowed() throws IOException {
    Files.writeString(project.resolve("train.py"), "print(2)\n");
    assertThat(submit("--allow-dirty")).isZero();
    var diff = requests.getFirst().at("/code/diff");
    assertThat(diff.path("mediaType").asString()).isEqualTo("text/x-diff");
    assertThat(stored).hasSize(2);
    assertThat(
            new String(
                stored.get("projects/" + diff.path("sha256").asString() + "/uncommitted.diff"),
                StandardCharsets.UTF_8))
        .contains("+print(2)");
  }

  @Test
  void checksWithoutSubmitting() {
    assertThat(submit("--check")).isZero();
    assertThat(said()).contains("on main");
    assertThat(stored).isEmpty();
    assertThat(requests).isEmpty();
  }
}
