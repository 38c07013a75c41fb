package io.millrace.gateway.browsers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;

class BrowserGuardTest {

  private static final BrowserSettings DEFAULTS =
      new BrowserSettings(List.of(), List.of(), "SAMEORIGIN");

  private static MockServerHttpResponse answer(
      BrowserSettings settings, String method, String path, String... headers) {
    var request = MockServerHttpRequest.method(HttpMethod.valueOf(method), path);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    var exchange = MockServerWebExchange.from(request.build());
    new BrowserGuard(settings)
        .filter(
            exchange,
            passed -> {
              passed.getResponse().setStatusCode(HttpStatus.NO_CONTENT);
              return passed.getResponse().setComplete();
            })
        .block();
    return exchange.getResponse();
  }

  private static String text(MockServerHttpResponse response) {
    return response.getStatusCode() + " " + response.getBodyAsString().block();
  }

  @Test
  void refusesNamesThatAStrangerMayHavePointedHere() {
    assertThat(text(answer(DEFAULTS, "GET", "/api/v1/status", "Host", "evil.example:8080")))
        .isEqualTo("403 FORBIDDEN Invalid Host header - possible DNS rebinding attack detected");
    assertThat(answer(DEFAULTS, "GET", "/", "Host", "localhost:8080").getStatusCode())
        .isEqualTo(HttpStatus.NO_CONTENT);
    assertThat(answer(DEFAULTS, "GET", "/").getStatusCode()).isEqualTo(HttpStatus.FORBIDDEN);
  }

  @ParameterizedTest
  @CsvSource({"/health", "/version", "/actuator/health/readiness"})
  void tellsItsHealthUnderAnyName(String path) {
    assertThat(answer(DEFAULTS, "GET", path, "Host", "evil.example").getStatusCode())
        .isEqualTo(HttpStatus.NO_CONTENT);
  }

  @ParameterizedTest
  @CsvSource({
    "mlops.example.org, mlops.example.org, true",
    "mlops.example.org, MLOPS.example.org:8080, true",
    "mlops.example.org, mlops.example.org.evil.com, false",
    "mlops.example.org, mlopsXexample.org, false",
    "*.example.org, a.example.org:80, true",
    "*.example.org, example.org, false",
    "mlops.example.org:443, mlops.example.org:443, true",
    "mlops.example.org:443, mlops.example.org:80, false",
    "*, anything.at.all, true"
  })
  void takesTheNamesItIsGiven(String allowed, String host, boolean passes) {
    var settings = new BrowserSettings(List.of("other.example", allowed), List.of(), "NONE");
    assertThat(answer(settings, "GET", "/", "Host", host).getStatusCode())
        .isEqualTo(passes ? HttpStatus.NO_CONTENT : HttpStatus.FORBIDDEN);
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /api/2.0/mlflow/runs/create, http://localhost:3000, true",
    "POST, /api/2.0/mlflow/runs/create, http://127.0.0.1, true",
    "POST, /api/2.0/mlflow/runs/create, http://[::1]:8080, true",
    "POST, /api/2.0/mlflow/runs/create, http://192.168.1.5:8080, true",
    "POST, /api/2.0/mlflow/runs/create, https://192.168.1.5:8080, true",
    "POST, /api/2.0/mlflow/runs/create, http://192.168.1.5:9090, false",
    "POST, /api/2.0/mlflow/runs/create, https://evil.example, false",
    "POST, /api/v1/train-requests, null, false",
    "POST, /api/v1/train-requests, http://localhost.evil.com, false",
    "PUT, /ajax-api/2.0/mlflow-artifacts/artifacts/x, https://evil.example, false",
    "PATCH, /api/v1/x, https://evil.example, false",
    "DELETE, /api/v1/x, https://evil.example, false",
    "GET, /api/v1/x, https://evil.example, true",
    "POST, /v2/models/m/infer, https://evil.example, true",
    "POST, /api/v1/x, https://app.example.org, true",
    "POST, /api/v1/x, https://ui.tools.example:8443, true"
  })
  void refusesChangesFromPagesOfOthers(String method, String path, String origin, boolean passes) {
    var settings =
        new BrowserSettings(
            List.of(), List.of("https://app.example.org", "*.tools.example"), "SAMEORIGIN");
    var response = answer(settings, method, path, "Host", "192.168.1.5:8080", "Origin", origin);
    assertThat(text(response))
        .startsWith(passes ? "204" : "403 FORBIDDEN Cross-origin request blocked");
  }

  @Test
  void answersBrowsersThatAskBeforehand() {
    var agreed =
        answer(
            DEFAULTS,
            "OPTIONS",
            "/api/2.0/mlflow/runs/create",
            "Host",
            "localhost:8080",
            "Origin",
            "http://localhost:3000",
            "Access-Control-Request-Method",
            "POST",
            "Access-Control-Request-Headers",
            "content-type");
    assertThat(text(agreed)).isEqualTo("200 OK OK");
    assertThat(agreed.getHeaders().toSingleValueMap())
        .containsEntry("Access-Control-Allow-Origin", "http://localhost:3000")
        .containsEntry("Access-Control-Allow-Credentials", "true")
        .containsEntry("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH")
        .containsEntry("Access-Control-Allow-Headers", "content-type")
        .containsEntry("Access-Control-Max-Age", "600");
    assertThat(
            text(
                answer(
                    DEFAULTS,
                    "OPTIONS",
                    "/api/v1/x",
                    "Host",
                    "localhost",
                    "Origin",
                    "https://evil.example",
                    "Access-Control-Request-Method",
                    "POST")))
        .isEqualTo("403 FORBIDDEN Cross-origin request blocked");
    assertThat(answer(DEFAULTS, "OPTIONS", "/api/v1/x", "Host", "localhost").getStatusCode())
        .isEqualTo(HttpStatus.NO_CONTENT);
  }

  @Test
  void marksEveryAnswer() {
    for (String host : List.of("localhost", "evil.example")) {
      assertThat(answer(DEFAULTS, "GET", "/x", "Host", host).getHeaders().toSingleValueMap())
          .containsEntry("X-Content-Type-Options", "nosniff")
          .containsEntry("X-Frame-Options", "SAMEORIGIN")
          .containsEntry("Vary", "Origin");
    }
    var open = new BrowserSettings(List.of("*"), List.of(), "none");
    assertThat(
            answer(open, "GET", "/x", "Host", "a.b").getHeaders().containsHeader("X-Frame-Options"))
        .isFalse();
  }

  @Test
  void tellsAllowedPagesThatTheyMayRead() {
    var headers =
        answer(DEFAULTS, "GET", "/api/v1/x", "Host", "localhost", "Origin", "http://localhost:3000")
            .getHeaders();
    assertThat(headers.getFirst("Access-Control-Allow-Origin")).isEqualTo("http://localhost:3000");
    assertThat(
            answer(
                    DEFAULTS,
                    "GET",
                    "/api/v1/x",
                    "Host",
                    "localhost",
                    "Origin",
                    "https://evil.example")
                .getHeaders()
                .containsHeader("Access-Control-Allow-Origin"))
        .isFalse();
  }
}
