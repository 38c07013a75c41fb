package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * The command line against a small server that answers as the gateway would; the real one is met in
 * standalone.
 */
class MillraceTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final StringWriter errors = new StringWriter();
  private final List<String> calls = new ArrayList<>();
  private HttpServer server;
  private String address;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    address = "http://127.0.0.1:" + server.getAddress().getPort();
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(String path, int status, String mediaType, String body) {
    server.createContext(
        path,
        exchange -> {
          calls.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI()
                  + " "
                  + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          var bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", mediaType);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private int execute(String... args) {
    var root =
        new Millrace(
            new PlatformFolder(folder),
            new Terminal(new PrintStream(output, true, StandardCharsets.UTF_8), false));
    return Millrace.commandLine(root).setErr(new PrintWriter(errors, true)).execute(args);
  }

  private String said() {
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  void namesTheAddressAndTheRemedyWhereNothingAnswers() throws IOException {
    int port;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    assertThat(execute("status", "--gateway", "http://127.0.0.1:" + port))
        .isEqualTo(CliFailure.UNREACHABLE);
    assertThat(errors.toString()).contains("127.0.0.1:" + port).contains("./millrace up");
  }

  @Test
  void refusesAnUnknownOptionWithStatusTwo() {
    assertThat(execute("status", "--nonsense")).isEqualTo(2);
    assertThat(errors.toString()).contains("--nonsense").contains("status --help");
  }

  @Test
  void namesTheWholeCommandWhereASubcommandIsMisused() {
    assertThat(execute("datasets", "push")).isEqualTo(2);
    assertThat(errors.toString()).contains("See `./millrace datasets push --help`.");
  }

  @Test
  void helpsWithEveryCommand() {
    helpsWithAll(Millrace.commandLine(new Millrace()), List.of());
  }

  private void helpsWithAll(CommandLine command, List<String> path) {
    var arguments = new ArrayList<>(path);
    arguments.add("--help");
    assertThat(execute(arguments.toArray(String[]::new))).as("%s: %s", arguments, errors).isZero();
    command
        .getSubcommands()
        .forEach(
            (name, subcommand) ->
                helpsWithAll(subcommand, Stream.concat(path.stream(), Stream.of(name)).toList()));
  }

  @Test
  void doesNotImportAPlatformIntoItself() {
    assertThat(execute("import", "mlflow", "--from", address, "--gateway", address)).isEqualTo(1);
    assertThat(errors.toString()).contains(address + " is this platform itself");
    assertThat(calls).isEmpty();
  }

  @Test
  void findsTheGatewayOfTheRunningPlatform() {
    new PlatformFolder(folder)
        .write(
            new PlatformFolder.Running(
                ProcessHandle.current().pid(),
                URI.create(address),
                "127.0.0.1:9092",
                Instant.now()));
    answer("/api/v1/approvals", 200, "application/json", "{\"items\":[]}");
    assertThat(execute("approvals", "list")).isZero();
    assertThat(said()).contains("Nothing waits");
  }

  @Test
  void forgetsAPlatformWhoseProcessIsGone() {
    new PlatformFolder(folder)
        .write(new PlatformFolder.Running(Long.MAX_VALUE, URI.create(address), "x", Instant.now()));
    assertThat(new PlatformFolder(folder).running()).isEmpty();
    assertThat(execute("down")).isZero();
    assertThat(said()).contains("Nothing runs");
  }

  @Test
  void passesTheServersOwnWordsOn() {
    answer(
        "/api/v1/approvals/a1/approve",
        403,
        "application/problem+json",
        "{\"status\":403,\"code\":\"own-request\",\"detail\":\"ada asked for this and may not approve it.\"}");
    assertThat(execute("approvals", "approve", "a1", "--by", "ada", "--gateway", address))
        .isEqualTo(1);
    assertThat(errors.toString()).contains("ada asked for this and may not approve it.");
    assertThat(calls).singleElement().asString().contains("\"by\":\"ada\"");
  }

  @Test
  void listsDeadLettersAndReplaysOne() {
    answer(
        "/api/v1/dead-letters",
        200,
        "application/json",
        "{\"items\":[{\"topic\":\"t.dlt\",\"partition\":1,\"offset\":7,\"reason\":\"undecodable\",\"time\":\"2026-11-21T08:00:00Z\",\"message\":\"torn\"}]}");
    answer("/api/v1/dead-letters/t.dlt/1/7/replay", 200, "application/json", "{}");
    assertThat(execute("dlq", "list", "--gateway", address)).isZero();
    assertThat(said()).contains("t.dlt/1/7").contains("undecodable").contains("torn");
    assertThat(execute("dlq", "replay", "t.dlt/1/7", "--gateway", address)).isZero();
    assertThat(calls)
        .anyMatch(call -> call.startsWith("POST /api/v1/dead-letters/t.dlt/1/7/replay"));
    assertThat(execute("dlq", "replay", "nonsense", "--gateway", address)).isEqualTo(1);
    assertThat(errors.toString()).contains("topic/partition/offset");
  }

  @Test
  void makesAWebhookAndShowsItsSecretOnce() {
    answer(
        "/api/v1/webhooks",
        201,
        "application/json",
        "{\"id\":\"wh_1\",\"url\":\"https://a.example/\",\"secret\":\"whsec_x\"}");
    assertThat(
            execute(
                "webhooks",
                "create",
                "--name",
                "hook",
                "--url",
                "https://a.example/",
                "--type",
                "ModelPromoted,DriftDetected",
                "--model",
                "iris",
                "--gateway",
                address))
        .isZero();
    assertThat(said()).contains("wh_1").contains("whsec_x");
    assertThat(calls)
        .containsExactly(
            "POST /api/v1/webhooks {\"name\":\"hook\",\"url\":\"https://a.example/\",\"types\":[\"ModelPromoted\",\"DriftDetected\"],\"models\":[\"iris\"]}");
  }

  @Test
  void listsWebhooksForPeopleAndForPrograms() {
    answer(
        "/api/v1/webhooks",
        200,
        "application/json",
        "{\"items\":[{\"id\":\"wh_1\",\"name\":\"hook\",\"status\":\"DISABLED\",\"types\":[],\"models\":[\"iris\"],\"url\":\"https://a.example/\"}]}");
    assertThat(execute("webhooks", "list", "--gateway", address)).isZero();
    assertThat(said()).contains("wh_1").contains("DISABLED").contains("models iris");
    output.reset();
    assertThat(execute("webhooks", "list", "--json", "--gateway", address)).isZero();
    assertThat(said()).startsWith("{\"id\":\"wh_1\"").endsWith("}\n");
  }

  @Test
  void changesAWebhookOnlyWhereItIsToldTo() {
    answer(
        "/api/v1/webhooks/wh_1",
        200,
        "application/json",
        "{\"id\":\"wh_1\",\"name\":\"hook\",\"status\":\"ACTIVE\"}");
    assertThat(
            execute("webhooks", "update", "wh_1", "--type", "", "--disable", "--gateway", address))
        .isZero();
    assertThat(calls)
        .containsExactly(
            "PATCH /api/v1/webhooks/wh_1 {\"types\":[]}", "POST /api/v1/webhooks/wh_1/disable {}");
    calls.clear();
    assertThat(execute("webhooks", "delete", "wh_1", "--gateway", address)).isZero();
    assertThat(calls).containsExactly("DELETE /api/v1/webhooks/wh_1 ");
    assertThat(execute("webhooks", "update", "wh_1", "--enable", "--disable", "--gateway", address))
        .isEqualTo(1);
  }

  @Test
  void failsWhereAReceiverDoesNotTakeTheTest() {
    answer(
        "/api/v1/webhooks/wh_1/test",
        200,
        "application/json",
        "{\"success\":false,\"error\":\"no answer within 15000 ms\",\"latencyMillis\":15000}");
    assertThat(execute("webhooks", "test", "wh_1", "--gateway", address)).isEqualTo(1);
    assertThat(said()).contains("Not taken: no answer within 15000 ms after 15000 ms");
  }

  @Test
  void showsDeliveriesAndReplaysThem() {
    answer(
        "/api/v1/webhooks/wh_1/deliveries",
        200,
        "application/json",
        "{\"items\":[{\"id\":7,\"type\":\"ModelPromoted\",\"eventTime\":\"2026-11-21T08:00:00Z\",\"status\":\"FAILED\",\"attempts\":10,\"responseStatus\":500}]}");
    answer("/api/v1/webhooks/wh_1/deliveries/7/replay", 202, "application/json", "{\"id\":8}");
    answer("/api/v1/webhooks/wh_1/replay", 202, "application/json", "{\"queued\":3}");
    answer(
        "/api/v1/webhooks/wh_1/rotate",
        200,
        "application/json",
        "{\"id\":\"wh_1\",\"secret\":\"whsec_y\",\"previousSecretUntil\":\"2026-11-22T08:00:00Z\"}");
    assertThat(
            execute("webhooks", "deliveries", "wh_1", "--status", "FAILED", "--gateway", address))
        .isZero();
    assertThat(said()).contains("7").contains("FAILED").contains("10").contains("500");
    assertThat(execute("webhooks", "replay", "wh_1", "--delivery", "7", "--gateway", address))
        .isZero();
    assertThat(said()).contains("delivery 8");
    assertThat(
            execute(
                "webhooks",
                "replay",
                "wh_1",
                "--from",
                "2026-11-21T08:00:00Z",
                "--gateway",
                address))
        .isZero();
    assertThat(said()).contains("Queued 3");
    assertThat(execute("webhooks", "replay", "wh_1", "--gateway", address)).isEqualTo(1);
    assertThat(execute("webhooks", "rotate", "wh_1", "--gateway", address)).isZero();
    assertThat(said()).contains("whsec_y").contains("2026-11-22T08:00:00Z");
    assertThat(calls)
        .anyMatch(call -> call.startsWith("GET /api/v1/webhooks/wh_1/deliveries?limit=50&status"))
        .contains(
            "POST /api/v1/webhooks/wh_1/replay {\"from\":\"2026-11-21T08:00:00Z\",\"delivered\":false}");
  }

  @Test
  void namesEveryMistakeOfAPipelineFileBeforeItAsksAnyone() throws IOException {
    var file = folder.resolve("bad.yaml");
    Files.writeString(file, "name: x\ndatset: {name: d, target: t}\n");
    assertThat(execute("run", file.toString(), "--gateway", address)).isEqualTo(1);
    assertThat(errors.toString()).contains("datset").contains("dataset");
    assertThat(calls).isEmpty();
  }

  @Test
  void writesAPipelineFileThatItCanRead() throws IOException {
    var csv = folder.resolve("My Data.csv");
    var rows = new StringBuilder("a,b,label\n");
    for (int i = 0; i < 30; i++) {
      rows.append(i)
          .append(',')
          .append(i * 2)
          .append(',')
          .append(i % 2 == 0 ? "x" : "y")
          .append('\n');
    }
    Files.writeString(csv, rows);
    var written = Path.of("cli-test-pipeline.yaml");
    try {
      assertThat(execute("init", csv.toString(), "--name", "cli-test-pipeline")).isZero();
      assertThat(
              io.millrace.pipeline.PipelineFile.parse(Files.readString(written))
                  .orThrow()
                  .dataset()
                  .target())
          .isEqualTo("label");
      assertThat(execute("init", csv.toString(), "--name", "cli-test-pipeline")).isEqualTo(1);
      assertThat(errors.toString()).contains("not overwritten");
    } finally {
      Files.deleteIfExists(written);
    }
  }

  @Test
  void followsAStreamThatBreaksFromTheLastEventItSaw() {
    var lastIds = new ArrayList<String>();
    server.createContext(
        "/api/v1/events",
        exchange -> {
          var last = exchange.getRequestHeaders().getFirst("Last-Event-ID");
          lastIds.add(last == null ? "none" : last);
          var next = last == null ? 1 : Long.parseLong(last) + 1;
          var body =
              ": hello\n\nid: %d\nevent: RunStarted\ndata: {\"seq\":%d,\"id\":\"%d\",\"type\":\"RunStarted\",\"time\":\"2026-11-21T08:00:00Z\",\"key\":\"k\",\"data\":{}}\n\n"
                  .formatted(next, next, next)
                  .getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    assertThat(execute("events", "--count", "3", "--json", "--gateway", address)).isZero();
    assertThat(lastIds).containsExactly("none", "1", "2");
    assertThat(said().lines()).hasSize(3);
  }

  @Test
  void showsTheHelpOfEveryCommand() {
    for (var command :
        Millrace.commandLine(new Millrace(new PlatformFolder(folder), Terminal.standard()))
            .getSubcommands()
            .keySet()) {
      assertThat(execute(command, "--help")).as(command).isZero();
    }
  }

  @Test
  void checksTheMachine() {
    execute("doctor", "--port", "0", "--kafka-port", "0");
    assertThat(said())
        .contains("JDK")
        .contains("memory")
        .contains("free for")
        .contains("Port 0 is free");
  }

  @Test
  void tellsWhatWasLiveAndWhoPutItThere() {
    answer(
        "/api/v1/models/my model/live",
        200,
        "application/json",
        """
        {"name":"my model","at":"2026-01-31T12:00:00Z","exists":true,
         "environments":[{"environment":"production","version":3,"revision":4,
           "since":"2026-01-30T08:00:00Z","by":"grace, alan","cause":"APPROVAL","reason":"go",
           "wanted":{"version":4,"revision":5,"since":"2026-01-31T11:59:00Z","by":"policy","cause":"POLICY"}}],
         "stages":[{"stage":"Staging","version":4,"since":"2026-01-31T11:00:00Z","by":"ada"}],
         "aliases":[{"alias":"champion","version":3,"since":"2026-01-30T08:00:00Z","by":"grace"}]}
        """);

    assertThat(
            execute(
                "models",
                "live",
                "my model",
                "--at",
                "2026-01-31T13:00:00+01:00",
                "--gateway",
                address))
        .isZero();

    assertThat(calls)
        .singleElement()
        .asString()
        .contains("/my%20model/live", "at=2026-01-31T13%3A00%3A00%2B01%3A00");
    assertThat(said().lines().map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "my model at 2026-01-31T12:00:00Z",
            " where version since by why",
            " environment production 3 2026-01-30T08:00:00Z grace, alan go",
            " wanted in production 4 2026-01-31T11:59:00Z policy POLICY",
            " stage Staging 4 2026-01-31T11:00:00Z ada -",
            " alias champion 3 2026-01-30T08:00:00Z grace -");
  }

  @Test
  void tellsTheHistoryOfAModelInWordsOrAsJson() {
    answer(
        "/api/v1/models/m/history",
        200,
        "application/json",
        "{\"items\":[{\"seq\":2,\"at\":\"t2\",\"kind\":\"ALIAS_SET\",\"name\":\"m\",\"version\":2,\"subject\":\"champion\",\"from\":\"1\",\"to\":\"2\",\"by\":\"grace\",\"reason\":\"better\"}]}");
    assertThat(execute("models", "history", "m", "--version", "2", "--gateway", address)).isZero();
    assertThat(said()).contains("alias champion, was on version 1", "grace", "better");
    assertThat(calls.getFirst()).contains("limit=50&version=2");

    output.reset();
    assertThat(execute("models", "history", "m", "--json", "--gateway", address)).isZero();
    assertThat(GatewayClient.JSON.readTree(said()).path(0).path("seq").asInt()).isEqualTo(2);
  }

  @Test
  void listsAndShowsModels() {
    answer(
        "/api/v1/models",
        200,
        "application/json",
        "{\"items\":[{\"name\":\"m\",\"latestVersion\":2,\"versions\":[{\"version\":2,\"createdAt\":\"t2\",\"runId\":\"r2\"}]}]}");
    answer(
        "/api/v1/models/m",
        200,
        "application/json",
        "{\"name\":\"m\",\"description\":\"d\",\"live\":[{\"environment\":\"production\",\"version\":2,\"revision\":1}],\"versions\":[{\"version\":2,\"stage\":\"None\",\"aliases\":[\"champion\"],\"createdAt\":\"t2\",\"registeredBy\":\"ada\"}]}");
    assertThat(execute("models", "list", "--gateway", address)).isZero();
    assertThat(said()).contains("m      2       t2       r2");
    assertThat(execute("models", "show", "m", "--gateway", address)).isZero();
    assertThat(said())
        .contains("live in production: version 2, revision 1, not served yet", "champion", "ada");
  }

  @Test
  void drawsALineageAsATree() {
    answer(
        "/api/v1/lineage/model-version/m:2",
        200,
        "application/json",
        """
        {"root":"model-version/m:2","depth":10,"truncated":false,"nodes":[],"edges":[
          {"from":"run/r1","to":"model-version/m:2","how":"registered","details":{}},
          {"from":"code/train.py@abc","to":"run/r1","how":"ran","details":{}},
          {"from":"dataset-version/iris@3","to":"run/r1","how":"read","details":{"context":"train"}},
          {"from":"model-version/m:2","to":"environment/production","how":"served",
           "details":{"live":"true","since":"t","by":"grace"}}]}
        """);

    assertThat(execute("lineage", "model-version", "m:2", "--gateway", address)).isZero();

    assertThat(said().lines())
        .containsExactly(
            "model version m:2",
            "made of",
            "└─ registered ← run r1",
            "   ├─ ran ← code train.py@abc",
            "   └─ read ← dataset version iris@3  (train)",
            "became",
            "└─ served → environment production  (live since t by grace)");
  }
}
