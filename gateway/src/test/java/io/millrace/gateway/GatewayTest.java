package io.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.millrace.schemas.RegisteredSchema;
import io.millrace.schemas.SchemaCatalogue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The gateway in front of small servers that say who they are; the services themselves are tried
 * elsewhere.
 */
class GatewayTest {

  private static final RegisteredSchema NEWEST =
      SchemaCatalogue.load().newest("io.millrace.events.TrainRequested");

  private static final List<HttpServer> servers = new ArrayList<>();
  private static final HttpClient http = HttpClient.newHttpClient();
  private static ConfigurableApplicationContext context;
  private static String gateway;

  @BeforeAll
  static void start() throws IOException {
    var arguments = new ArrayList<String>();
    for (var service : List.of("tracking", "artifact", "evaluation", "deployment", "inference")) {
      arguments.add("--millrace." + service + ".uri=" + server(service));
    }
    arguments.add("--millrace.monitoring.uri=http://127.0.0.1:" + unusedPort());
    arguments.add("--millrace.training.uri=http://127.0.0.1:" + unusedPort());
    arguments.add("--server.port=0");
    context = Gateway.application().run(arguments.toArray(String[]::new));
    gateway = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
  }

  @AfterAll
  static void stop() {
    context.close();
    servers.forEach(server -> server.stop(0));
  }

  private static String server(String name) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          var health = exchange.getRequestURI().getPath().startsWith("/actuator/health");
          var body = (health ? "{\"status\":\"UP\"}" : name).getBytes(StandardCharsets.UTF_8);
          exchange
              .getResponseHeaders()
              .add("Content-Type", health ? "application/json" : "text/plain");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    servers.add(server);
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static int unusedPort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(gateway + path)).GET().build(), BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource({
    "/api/2.0/mlflow/experiments/search, tracking",
    "/ajax-api/2.0/mlflow/runs/get, tracking",
    "/api/3.0/mlflow/anything, tracking",
    "/graphql, tracking",
    "/v1/traces, tracking",
    "/ajax-api/3.0/jobs/j, tracking",
    "/health, tracking",
    "/version, tracking",
    "/api/v1/flows/abc, tracking",
    "/api/v1/events, tracking",
    "/api/v1/dead-letters/t.dlt/0/1/replay, tracking",
    "/api/2.0/mlflow/artifacts/list, artifact",
    "/api/2.0/mlflow-artifacts/artifacts/1/2/model.onnx, artifact",
    "/api/2.0/mlflow-artifacts/mpu/create/1/2, artifact",
    "/ajax-api/2.0/mlflow-artifacts/presigned/1/2/x, artifact",
    "/api/2.0/mlflow/artifacts/presigned-upload-url, artifact",
    "/api/2.0/mlflow/logged-models/m-1/artifacts/directories, artifact",
    "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files, artifact",
    "/api/2.0/mlflow/logged-models/m-1, tracking",
    "/get-artifact, artifact",
    "/model-versions/get-artifact, artifact",
    "/ajax-api/2.0/mlflow/upload-artifact, artifact",
    "/api/v1/artifacts/gc, artifact",
    "/api/v1/contents/missing, artifact",
    "/api/v1/datasets, artifact",
    "/api/v1/evaluations/m/1, evaluation",
    "/api/v1/approvals, deployment",
    "/v2, inference",
    "/v2/models/m/infer, inference",
    "/invocations, inference",
    "/ping, inference",
  })
  void routesEachPathToItsService(String path, String service) throws Exception {
    assertThat(get(path).body()).isEqualTo(service);
  }

  @Test
  void saysWhichServiceIsAwayAndWhenToTryAgain() throws Exception {
    var answer = get("/api/v1/monitoring");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(answer.body())
        .contains("\"code\":\"service-unavailable\"")
        .contains("monitoring-service");
  }

  @Test
  void refusesChangesFromPagesOfOtherSitesAndMarksItsAnswers() throws Exception {
    var answer =
        http.send(
            HttpRequest.newBuilder(URI.create(gateway + "/api/2.0/mlflow/runs/create"))
                .header("Content-Type", "application/json")
                .header("Origin", "https://evil.example")
                .POST(BodyPublishers.ofString("{}"))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(answer.body()).isEqualTo("Cross-origin request blocked");
    for (var path : List.of("/", "/api/2.0/mlflow/runs/get", "/api/v1/nothing-here")) {
      var marked = get(path).headers();
      assertThat(marked.allValues("X-Content-Type-Options")).as(path).containsExactly("nosniff");
      assertThat(marked.allValues("X-Frame-Options")).as(path).containsExactly("SAMEORIGIN");
      assertThat(marked.allValues("Vary")).as(path).contains("Origin");
    }
  }

  @Test
  void refusesNamesThatAStrangerMayHavePointedHere() throws Exception {
    assertThat(statusLine("evil.example")).contains("403");
    assertThat(statusLine("localhost")).contains("200");
  }

  /** What a request gets that says it is for that host; the client of the JDK does not let one. */
  private static String statusLine(String host) throws IOException {
    var address = URI.create(gateway);
    try (var socket = new java.net.Socket(address.getHost(), address.getPort())) {
      socket
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(host)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .findFirst()
          .orElse("");
    }
  }

  @Test
  void answersUnknownPathsWithAProblem() throws Exception {
    var answer = get("/api/v1/nothing-here");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("\"code\":\"not-found\"");
  }

  @Test
  void refusesARequestBodyOfTenMegabytesWhereEventsAreSmall() throws Exception {
    var body = "x".repeat(10 << 20);
    var answer =
        http.send(
            HttpRequest.newBuilder(URI.create(gateway + "/api/v1/pipelines"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body()).contains("\"code\":\"too-large\"");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/flows/a%00, '\"code\":\"invalid-path\"'",
    "/api/2.0/mlflow/runs/%00, '\"error_code\":\"INVALID_PARAMETER_VALUE\"'",
    "/v2/models/%00, '\"error\":'",
    "/schema-registry/subjects/%00/versions, '\"code\":\"invalid-path\"'",
    "/%00, '\"code\":\"invalid-path\"'"
  })
  void refusesNulInAnyPath(String path, String form) throws Exception {
    var answer = get(path);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains(form);
  }

  @Test
  void showsHowEveryServiceIs() throws Exception {
    var answer = get("/api/v1/status");
    assertThat(answer.body())
        .contains("\"status\":\"DEGRADED\"")
        .contains("{\"name\":\"tracking-service\",\"status\":\"UP\"")
        .contains("{\"name\":\"monitoring-service\",\"status\":\"UNREACHABLE\"");
  }

  @Test
  void servesTheConsoleWithAPolicyThatLoadsNothingFromOutside() throws Exception {
    var page = get("/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'")
        .doesNotContain("unsafe");
    assertThat(page.body()).contains("<script").contains("app.js");
    assertThat(get("/app.js").statusCode()).isEqualTo(200);
  }

  @Test
  void isReadyByItself() throws Exception {
    assertThat(get("/actuator/health/readiness").body()).contains("UP");
  }

  @Test
  void decodesByIdAndListsSubjectsLikeAConfluentRegistry() throws Exception {
    assertThat(get("/schema-registry/subjects").body())
        .contains("\"millrace.train-requests-value\"");
    var latest = get("/schema-registry/subjects/millrace.train-requests-value/versions/latest");
    assertThat(latest.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/vnd.schemaregistry.v1+json");
    assertThat(latest.body())
        .contains("\"subject\":\"millrace.train-requests-value\"")
        .contains("\"version\":" + NEWEST.version() + ",")
        .contains("\"id\":" + NEWEST.id() + ",");
    assertThat(get("/schema-registry/schemas/ids/1").body())
        .startsWith("{\"schema\":\"{")
        .contains("TrainRequested");
  }

  @ParameterizedTest
  @CsvSource({
    "/schema-registry/schemas/ids/99999, 404, 40403",
    "/schema-registry/subjects/none/versions, 404, 40401",
    "/schema-registry/subjects/millrace.train-requests-value/versions/77, 404, 40402",
    "/schema-registry/subjects/millrace.train-requests-value/versions/x, 422, 42202",
  })
  void refusesInTheRegistrysForm(String path, int status, int code) throws Exception {
    var answer = get(path);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).contains("\"error_code\":" + code);
  }

  @Test
  void answersTheIdOfAKnownSchemaAndRegistersNoNewOne() throws Exception {
    var known = io.millrace.events.TrainRequested.getClassSchema().toString();
    assertThat(register(known).body()).isEqualTo("{\"id\":" + NEWEST.id() + "}");
    var refused = register("{\"type\":\"record\",\"name\":\"X\",\"fields\":[]}");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("42205");
    assertThat(register("not a schema").body()).contains("42201");
  }

  private static HttpResponse<String> register(String schema)
      throws IOException, InterruptedException {
    var body =
        tools.jackson.databind.json.JsonMapper.shared()
            .writeValueAsString(java.util.Map.of("schema", schema));
    return http.send(
        HttpRequest.newBuilder(
                URI.create(
                    gateway + "/schema-registry/subjects/millrace.train-requests-value/versions"))
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }
}
