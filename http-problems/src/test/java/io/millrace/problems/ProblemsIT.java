package io.millrace.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.database.DatabaseUnavailable;
import io.millrace.messaging.TerminalFailure;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ProblemsIT {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static ConfigurableApplicationContext context;
  private static String base;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Service {
    @Bean
    Things things() {
      return new Things();
    }
  }

  record Thing(String name, int count) {}

  @RestController
  static class Things {

    @GetMapping("/api/v1/things/{id}")
    String thing(@PathVariable int id) {
      return switch (id) {
        case 1 -> throw ApiProblem.notFound("There is no thing 1.");
        case 2 -> throw new ApiProblem(409, "run-leased", "Another has it.", Map.of("worker", "w"));
        case 3 -> throw new DatabaseUnavailable("secret host is down", null);
        case 4 -> throw new TerminalFailure("unknown-field", "x is not a field.");
        case 5 -> throw new IllegalStateException("password=secret");
        default -> Thread.currentThread().isVirtual() ? "virtual" : "platform";
      };
    }

    @PostMapping("/api/v1/things")
    Thing create(@RequestBody Thing thing) {
      return thing;
    }

    @PostMapping(path = "/api/v1/text", consumes = MediaType.TEXT_PLAIN_VALUE)
    int text(@RequestBody String text, @RequestParam int factor) {
      return text.length() * factor;
    }

    @GetMapping("/api/2.0/mlflow/things")
    String elsewhere() {
      throw new IllegalStateException("another form of error");
    }
  }

  private record Answer(int status, String type, String retryAfter, JsonNode body) {
    String code() {
      return body.path("code").asString("");
    }

    String detail() {
      return body.path("detail").asString("");
    }
  }

  @BeforeAll
  static void start() {
    context =
        new SpringApplicationBuilder(Service.class)
            .properties(
                "server.port=0",
                "spring.main.web-application-type=reactive",
                "spring.http.codecs.max-in-memory-size=1KB",
                "millrace.messaging.enabled=false")
            .run();
    base =
        "http://127.0.0.1:"
            + ((ReactiveWebServerApplicationContext) context).getWebServer().getPort();
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static Answer get(String path) throws Exception {
    return send(HttpRequest.newBuilder(URI.create(base + path)).build());
  }

  private static Answer post(String path, String type, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create(base + path))
            .header("content-type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static Answer send(HttpRequest request) throws Exception {
    HttpResponse<String> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    String type = response.headers().firstValue("content-type").orElse("");
    return new Answer(
        response.statusCode(),
        type,
        response.headers().firstValue("retry-after").orElse(""),
        JsonMapper.shared()
            .readTree(type.contains("json") ? response.body() : "\"" + response.body() + "\""));
  }

  @Test
  void tellsARefusalWithItsCodeAndExtras() throws Exception {
    Answer missing = get("/api/v1/things/1");
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.type()).startsWith("application/problem+json");
    assertThat(missing.code()).isEqualTo("not-found");
    assertThat(missing.detail()).isEqualTo("There is no thing 1.");
    Answer leased = get("/api/v1/things/2");
    assertThat(leased.status()).isEqualTo(409);
    assertThat(leased.code()).isEqualTo("run-leased");
    assertThat(leased.body().get("worker").asString()).isEqualTo("w");
  }

  @Test
  void asksToComeBackWhenTheDatabaseIsAway() throws Exception {
    Answer answer = get("/api/v1/things/3");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.code()).isEqualTo("database-unavailable");
    assertThat(answer.retryAfter()).isEqualTo("2");
    assertThat(answer.type()).startsWith("application/problem+json");
    assertThat(answer.body().toString()).doesNotContain("secret");
  }

  @Test
  void keepsTheCodeOfATerminalFailure() throws Exception {
    Answer answer = get("/api/v1/things/4");
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.code()).isEqualTo("unknown-field");
  }

  @Test
  void hidesWhatADefectSays() throws Exception {
    Answer answer = get("/api/v1/things/5");
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.code()).isEqualTo("internal");
    assertThat(answer.body().toString()).doesNotContain("password");
  }

  @Test
  void namesWhatIsWrongWithARequest() throws Exception {
    Answer broken = post("/api/v1/things", "application/json", "{\"name\": ");
    assertThat(broken.status()).isEqualTo(400);
    assertThat(broken.code()).isEqualTo("malformed-json");
    Answer wrong = post("/api/v1/things", "application/json", "{\"name\":\"a\",\"count\":\"b\"}");
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.code()).isEqualTo("malformed-json");
    Answer empty = post("/api/v1/things", "application/json", "");
    assertThat(empty.status()).isEqualTo(400);
    Answer parameter = post("/api/v1/text", "text/plain", "abc");
    assertThat(parameter.status()).isEqualTo(400);
    assertThat(parameter.code()).isEqualTo("missing-parameter");
    assertThat(parameter.detail()).contains("factor");
    Answer number = get("/api/v1/things/x");
    assertThat(number.status()).isEqualTo(400);
    assertThat(number.code()).isEqualTo("bad-request");
    Answer type = post("/api/v1/things", "text/csv", "a,b");
    assertThat(type.status()).isEqualTo(415);
    assertThat(type.code()).isEqualTo("unsupported-media-type");
    assertThat(get("/api/v1/nothing").code()).isEqualTo("not-found");
    assertThat(get("/api/v1/things").code()).isEqualTo("method-not-allowed");
  }

  @Test
  void refusesABodyThatIsTooLarge() throws Exception {
    Answer answer =
        post("/api/v1/things", "application/json", "{\"name\":\"" + "x".repeat(5000) + "\"}");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.code()).isEqualTo("body-too-large");
    assertThat(post("/api/v1/text?factor=1", "text/plain", "x".repeat(5000)).status())
        .isEqualTo(413);
  }

  @Test
  void refusesNulInAPathInTheFormOfItsApi() throws Exception {
    Answer problem = get("/api/v1/things/a%00b");
    assertThat(problem.status()).isEqualTo(400);
    assertThat(problem.type()).startsWith("application/problem+json");
    assertThat(problem.code()).isEqualTo("invalid-path");
    Answer mlflow = get("/ajax-api/2.0/mlflow/%00things");
    assertThat(mlflow.status()).isEqualTo(400);
    assertThat(mlflow.body().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
    Answer inference = get("/v2/models/%00");
    assertThat(inference.status()).isEqualTo(400);
    assertThat(inference.body().path("error").asString()).contains("%00");
    Answer scoring = get("/invocations%00");
    assertThat(scoring.status()).isEqualTo(400);
    assertThat(scoring.body().path("error_code").asString()).isEqualTo("BAD_REQUEST");
    assertThat(get("/actuator/%00").status()).isEqualTo(400);
    assertThat(get("/%00").status()).isEqualTo(400);
    assertThat(get("/api/v1/things/a%2500b").code()).isEqualTo("bad-request");
  }

  @Test
  void leavesOtherPathsAlone() throws Exception {
    Answer answer = get("/api/2.0/mlflow/things");
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body().has("code")).isFalse();
  }

  @Test
  void runsPlainControllersOnVirtualThreads() throws Exception {
    assertThat(get("/api/v1/things/7").body().asString()).isEqualTo("virtual");
  }
}
