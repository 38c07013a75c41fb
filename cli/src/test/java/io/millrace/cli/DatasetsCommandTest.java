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
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Pushes and pulls against a server that keeps contents and one version in memory. */
class DatasetsCommandTest {

  private static final int PART = 1000;

  @TempDir Path folder;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final StringWriter errors = new StringWriter();
  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, byte[]> contents = Collections.synchronizedMap(new HashMap<>());
  private final Map<String, TreeMap<Integer, byte[]>> parts =
      Collections.synchronizedMap(new HashMap<>());
  private final Map<String, String> version = Collections.synchronizedMap(new LinkedHashMap<>());
  private volatile int failures;
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    var path = URLDecoder.decode(exchange.getRequestURI().getRawPath(), StandardCharsets.UTF_8);
    var range = exchange.getRequestHeaders().getFirst("Range");
    var body = exchange.getRequestBody().readAllBytes();
    calls.add(exchange.getRequestMethod() + " " + path + (range == null ? "" : " " + range));
    var segments = path.substring("/api/v1/".length()).split("/", 6);
    if (path.equals("/api/v1/contents/missing")) {
      var missing = new ArrayList<JsonNode>();
      json(body)
          .path("files")
          .forEach(
              file -> {
                if (!contents.containsKey(file.path("sha256").asString())) {
                  missing.add(file);
                }
              });
      send(
          exchange,
          200,
          GatewayClient.JSON.writeValueAsBytes(Map.of("missing", missing, "partSize", PART)));
    } else if (path.endsWith("/uploads")) {
      var received = parts.computeIfAbsent(segments[1], key -> new TreeMap<>());
      var size = json(body).path("size").asInt();
      send(
          exchange,
          200,
          GatewayClient.JSON.writeValueAsBytes(
              Map.of(
                  "uploadId",
                  "u",
                  "partSize",
                  PART,
                  "parts",
                  (size + PART - 1) / PART,
                  "received",
                  List.copyOf(received.keySet()))));
    } else if (path.contains("/parts/")) {
      if (failures > 0) {
        failures--;
        send(exchange, 503, "{\"detail\":\"later\"}".getBytes(StandardCharsets.UTF_8));
        return;
      }
      var sent = parts.get(segments[1]);
      synchronized (sent) {
        sent.put(Integer.parseInt(segments[5]), body);
      }
      send(exchange, 204, new byte[0]);
    } else if (path.endsWith("/complete")) {
      var whole = new ByteArrayOutputStream();
      parts.get(segments[1]).values().forEach(whole::writeBytes);
      contents.put(segments[1], whole.toByteArray());
      send(
          exchange,
          sha256(whole.toByteArray()).equals(segments[1]) ? 200 : 422,
          "{}".getBytes(StandardCharsets.UTF_8));
    } else if (exchange.getRequestMethod().equals("PUT")) {
      contents.put(segments[1], body);
      send(exchange, 200, "{}".getBytes(StandardCharsets.UTF_8));
    } else if (exchange.getRequestMethod().equals("POST") && path.endsWith("/versions")) {
      version.clear();
      json(body)
          .path("files")
          .forEach(
              file -> version.put(file.path("path").asString(), file.path("sha256").asString()));
      send(
          exchange,
          201,
          "{\"name\":\"d\",\"version\":1,\"rows\":0,\"digest\":\"abc\",\"created\":true}"
              .getBytes(StandardCharsets.UTF_8));
    } else if (path.endsWith("/files")) {
      var items =
          version.entrySet().stream()
              .map(
                  file ->
                      Map.of(
                          "path",
                          file.getKey(),
                          "sha256",
                          file.getValue(),
                          "size",
                          contents.get(file.getValue()).length))
              .toList();
      send(exchange, 200, GatewayClient.JSON.writeValueAsBytes(Map.of("items", items)));
    } else if (path.contains("/files/")) {
      var bytes = contents.get(version.get(segments[5]));
      var from =
          range == null
              ? 0
              : Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      send(exchange, range == null ? 200 : 206, Arrays.copyOfRange(bytes, from, bytes.length));
    } else {
      send(exchange, 200, "{\"name\":\"d\",\"version\":1}".getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private int execute(String... args) {
    var all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--gateway", "http://127.0.0.1:" + server.getAddress().getPort()));
    output.reset();
    errors.getBuffer().setLength(0);
    calls.clear();
    return Millrace.commandLine(
            new Millrace(
                new PlatformFolder(folder.resolve("home")),
                new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false)))
        .setErr(new PrintWriter(errors, true))
        .execute(all.toArray(String[]::new));
  }

  private String said() {
    return output.toString(StandardCharsets.UTF_8);
  }

  private Path data() throws IOException {
    var data = folder.resolve("data");
    Files.createDirectories(data.resolve("sub dir"));
    Files.writeString(data.resolve("a.csv"), "x\n1\n");
    Files.writeString(data.resolve("sub dir/same.csv"), "x\n1\n");
    Files.writeString(data.resolve("empty"), "");
    Files.write(data.resolve("large.bin"), large());
    return data;
  }

  private static byte[] large() {
    var large = new byte[3 * PART + 5];
    new java.util.Random(1).nextBytes(large);
    return large;
  }

  @Test
  void sendsEachContentOnceAndNothingThatIsThere() throws Exception {
    var data = data();
    assertThat(execute("datasets", "push", "d", data.toString())).as(errors.toString()).isZero();
    assertThat(version)
        .containsOnlyKeys("a.csv", "empty", "large.bin", "sub dir/same.csv")
        .containsEntry("large.bin", sha256(large()));
    assertThat(contents.get(sha256(large()))).isEqualTo(large());
    assertThat(calls.stream().filter(call -> call.startsWith("PUT"))).hasSize(2 + 4);
    assertThat(said()).contains("3 files sent").contains("1 there before");

    assertThat(execute("datasets", "push", "d", data.toString(), "--json")).isZero();
    assertThat(calls.stream().filter(call -> call.startsWith("PUT"))).isEmpty();
    assertThat(json(said().getBytes(StandardCharsets.UTF_8)).path("version").asInt()).isEqualTo(1);
  }

  @Test
  void goesOnWithThePartsThatAreNotThere() throws Exception {
    var data = data();
    var digest = sha256(large());
    parts.put(
        digest,
        new TreeMap<>(
            Map.of(
                1,
                Arrays.copyOf(large(), PART),
                3,
                Arrays.copyOfRange(large(), 2 * PART, 3 * PART))));
    failures = 2;
    assertThat(execute("datasets", "push", "d", data.resolve("large.bin").toString()))
        .as(errors.toString())
        .isZero();
    assertThat(
            calls.stream()
                .filter(call -> call.contains("/parts/"))
                .map(call -> call.substring(call.lastIndexOf('/') + 1)))
        .contains("2", "4")
        .doesNotContain("1", "3");
    assertThat(contents.get(digest)).isEqualTo(large());
  }

  @Test
  void fetchesWhatAFolderLacksAndGoesOnInTheMiddle() throws Exception {
    execute("datasets", "push", "d", data().toString());
    var into = folder.resolve("pulled");
    var part =
        into.resolve(LocalFiles.PARTS_FOLDER)
            .resolve("%s-%08x".formatted(sha256(large()), "large.bin".hashCode()));
    Files.createDirectories(part.getParent());
    Files.write(part, Arrays.copyOf(large(), 1234));
    Files.writeString(into.resolve("a.csv"), "x\n2\n");
    assertThat(execute("datasets", "pull", "d", into.toString())).as(errors.toString()).isZero();
    assertThat(calls).anyMatch(call -> call.endsWith("/files/large.bin bytes=1234-"));
    assertThat(Files.readAllBytes(into.resolve("large.bin"))).isEqualTo(large());
    assertThat(Files.readString(into.resolve("a.csv"))).isEqualTo("x\n1\n");
    assertThat(Files.readString(into.resolve("sub dir/same.csv"))).isEqualTo("x\n1\n");
    assertThat(Files.size(into.resolve("empty"))).isZero();
    assertThat(into.resolve(LocalFiles.PARTS_FOLDER)).doesNotExist();

    assertThat(execute("datasets", "pull", "d", into.toString())).isZero();
    assertThat(said()).contains("0 files fetched").contains("4 there before");
    assertThat(execute("datasets", "verify", "d", into.toString())).isZero();
    Files.writeString(into.resolve("a.csv"), "x\n9\n");
    Files.writeString(into.resolve("extra"), "?");
    Files.delete(into.resolve("empty"));
    assertThat(execute("datasets", "verify", "d", into.toString())).isEqualTo(1);
    assertThat(said()).contains("- empty").contains("~ a.csv").contains("+ extra");
  }

  @Test
  void fetchesAgainWhereWhatWasThereIsDamaged() throws Exception {
    execute("datasets", "push", "d", data().toString());
    var into = folder.resolve("pulled");
    var part =
        into.resolve(LocalFiles.PARTS_FOLDER)
            .resolve("%s-%08x".formatted(sha256(large()), "large.bin".hashCode()));
    Files.createDirectories(part.getParent());
    Files.write(part, new byte[large().length]);
    assertThat(execute("datasets", "pull", "d", into.toString())).as(errors.toString()).isZero();
    assertThat(Files.readAllBytes(into.resolve("large.bin"))).isEqualTo(large());
  }

  @Test
  void refusesAFileOutsideTheFolder() throws Exception {
    contents.put(sha256(new byte[] {1}), new byte[] {1});
    version.put("../escaped", sha256(new byte[] {1}));
    assertThat(execute("datasets", "pull", "d", folder.resolve("in").toString())).isEqualTo(1);
    assertThat(errors.toString()).contains("outside its folder");
    assertThat(folder.resolve("escaped")).doesNotExist();
  }

  @Test
  void saysWhatIsWrongBeforeItAsksAnyone() {
    assertThat(execute("datasets", "push", "d", folder.resolve("none").toString())).isEqualTo(1);
    assertThat(errors.toString()).contains("There is no").contains("Is the path right?");
    assertThat(execute("datasets", "push", "d", folder.toString(), "--parallel", "0")).isEqualTo(1);
    assertThat(calls).isEmpty();
  }

  private static JsonNode json(byte[] bytes) {
    return GatewayClient.JSON.readTree(bytes);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
