package io.millrace.tracking.mlflow;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How requests come in and answers go out, whatever they are about. */
class TransportIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final Mlflow mlflow = new Mlflow();

  private Answer plain(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(tracking.uri(path))
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return tracking.send(request);
  }

  private Answer plain(String method, String path, String body, String... headers) {
    return plain(method, path, body.replace('\'', '"').getBytes(StandardCharsets.UTF_8), headers);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/2.0/mlflow/experiments/get?experiment_id=0, 200",
    "GET, /ajax-api/2.0/mlflow/experiments/get?experiment_id=0, 200",
    "GET, /api/3.0/mlflow/experiments/get?experiment_id=0, 404",
    "GET, /ajax-api/3.0/mlflow/experiments/get?experiment_id=0, 404",
    "GET, /api/2.0/preview/mlflow/experiments/get?experiment_id=0, 404",
    "GET, /api/2.0/mlflow/experiments/get/?experiment_id=0, 404",
    "GET, /api/2.0/mlflow/experiments, 404",
    "GET, /api/2.0/mlflow, 404",
    "GET, /api/3.0/mlflow/server-info, 200",
    "GET, /ajax-api/3.0/mlflow/server-info, 200",
    "GET, /api/2.0/mlflow/server-info, 404",
    "POST, /api/2.0/mlflow/experiments/get, 405",
    "PATCH, /api/2.0/mlflow/runs/create, 405",
    "PUT, /ajax-api/2.0/mlflow/runs/create, 405",
    "POST, /api/2.0/mlflow/experiments/search-datasets, 404",
    "GET, /api/2.0/mlflow/metrics/get-history-bulk?run_id=x&metric_key=m, 404"
  })
  void takesEachCallInItsVersionAndMethodOnly(String method, String path, int status) {
    Answer answer =
        plain(method, path, method.equals("GET") ? "" : "{}", "Content-Type", "application/json");

    assertThat(answer.status()).isEqualTo(status);
    if (status != 200) {
      assertThat(answer.body().path("error_code").asString()).isEqualTo("ENDPOINT_NOT_FOUND");
      assertThat(answer.body().path("message").asString()).isNotEmpty();
    }
  }

  @Test
  void tellsWhatAPathTakes() throws Exception {
    HttpResponse<String> options =
        tracking
            .http()
            .send(
                HttpRequest.newBuilder(tracking.uri("/api/2.0/mlflow/experiments/search"))
                    .method("OPTIONS", BodyPublishers.noBody())
                    .build(),
                BodyHandlers.ofString());
    assertThat(options.statusCode()).isEqualTo(200);
    assertThat(options.headers().firstValue("Allow").orElse("")).contains("GET").contains("POST");

    HttpResponse<String> refused =
        tracking
            .http()
            .send(
                HttpRequest.newBuilder(tracking.uri("/api/2.0/mlflow/runs/get")).DELETE().build(),
                BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("Allow").orElse("")).contains("GET");
  }

  @Test
  void answersHeadLikeGetWithoutABody() throws Exception {
    HttpResponse<String> found = head("/api/2.0/mlflow/experiments/get?experiment_id=0");
    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(found.body()).isEmpty();
    assertThat(found.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(head("/api/2.0/mlflow/experiments/get?experiment_id=99999999").statusCode())
        .isEqualTo(404);
    assertThat(head("/health").statusCode()).isEqualTo(200);
  }

  private HttpResponse<String> head(String path) throws Exception {
    return tracking
        .http()
        .send(HttpRequest.newBuilder(tracking.uri(path)).HEAD().build(), BodyHandlers.ofString());
  }

  @Test
  void readsTheBodyOfAGetWithoutAQuery() {
    assertThat(
            plain("GET", "/api/2.0/mlflow/experiments/get", "{'experiment_id':'0'}")
                .body()
                .at("/experiment/experiment_id")
                .asString())
        .isEqualTo("0");
    assertThat(
            error(plain("GET", "/api/2.0/mlflow/experiments/get?other=1", "{'experiment_id':'0'}")))
        .contains("Missing value for required parameter 'experiment_id'.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                                | Content-Type header is missing.",
        "text/plain                      | Content-Type must be one of ['application/json'].",
        "application/json-patch+json     | Content-Type must be one of ['application/json'].",
        "application/x-www-form-urlencoded | Content-Type must be one of ['application/json']."
      })
  void refusesOtherContentTypes(String type, String message) {
    Answer answer =
        type == null
            ? plain("POST", "/api/2.0/mlflow/experiments/create", "{'name':'x'}")
            : plain(
                "POST", "/api/2.0/mlflow/experiments/create", "{'name':'x'}", "Content-Type", type);
    assertThat(error(answer)).isEqualTo("400 INVALID_PARAMETER_VALUE Bad Request. " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;charset=UTF-8"
      })
  void takesJsonWithParameters(String type) {
    assertThat(
            plain(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    "{'name':'%s'}".formatted(Mlflow.name()),
                    "Content-Type",
                    type)
                .status())
        .isEqualTo(200);
  }

  @Test
  void needsNoContentTypeToChangeOrDelete() {
    assertThat(
            error(
                plain(
                    "PATCH",
                    "/api/2.0/mlflow/model-versions/update",
                    "{'name':'none','version':'1'}")))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not json", "{", "{'name':'x'} more", "null", "'text'", "\"{\""})
  void takesWhatIsNotJsonForAnEmptyMessage(String body) {
    assertThat(
            error(
                plain(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    body,
                    "Content-Type",
                    "application/json")))
        .startsWith("400 INVALID_PARAMETER_VALUE Missing value for required parameter 'name'.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[1]", "[]", "7", "true", "'[1]'", "'7'"})
  void refusesJsonThatIsNoObject(String body) {
    assertThat(
            error(
                plain(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    body,
                    "Content-Type",
                    "application/json")))
        .isEqualTo("400 INVALID_PARAMETER_VALUE The request body must be a JSON object.");
  }

  @Test
  void decodesWhatOldClientsEncodeTwice() {
    String name = Mlflow.name();
    assertThat(
            plain(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    "\"{\\\"name\\\": \\\"%s\\\"}\"".formatted(name),
                    "Content-Type",
                    "application/json")
                .status())
        .isEqualTo(200);
    assertThat(mlflow.get("experiments/get-by-name?experiment_name=" + name).status())
        .isEqualTo(200);
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[] latin = "{\"name\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(
            error(
                plain(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    latin,
                    "Content-Type",
                    "application/json")))
        .contains("Missing value for required parameter 'name'.");
  }

  @Test
  void refusesBodiesThatNoMessageCanBe() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    String digits = "9".repeat(5000);
    String big = "x".repeat(21 << 20);
    for (String body :
        new String[] {
          "{'name':'x','other':%s}".formatted(deep),
          "{'name':'x','other':%s}".formatted(digits),
          "{'name':'x','other':'%s'}".formatted(big)
        }) {
      Answer answer = mlflow.post("experiments/create", body);
      assertThat(error(answer)).startsWith("400 INVALID_PARAMETER_VALUE The request body ");
    }
    assertThat(mlflow.get("experiments/get-by-name?experiment_name=x").status()).isEqualTo(404);
  }

  @Test
  void ignoresFieldsItDoesNotKnowAndTakesBothCases() {
    String name = Mlflow.name();
    assertThat(
            mlflow
                .post(
                    "experiments/create",
                    "{'name':'%s','artifactLocation':'s3://b/x','unknown':[[[{}]]]}"
                        .formatted(name))
                .status())
        .isEqualTo(200);
    assertThat(
            mlflow
                .get("experiments/get-by-name?experimentName=" + name)
                .body()
                .at("/experiment/artifact_location")
                .asString())
        .isEqualTo("s3://b/x");
  }

  @Test
  void tellsItsHealthAndVersion() {
    assertThat(tracking.get("/health").text()).isEqualTo("OK");
    assertThat(tracking.get("/version").text()).matches("\\d+\\.\\d+\\.\\d+");
    assertThat(tracking.get("/api/3.0/mlflow/server-info").text())
        .isEqualTo("{\"store_type\":\"SqlStore\",\"workspaces_enabled\":false}");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /api/2.0/mlflow/traces",
    "GET, /api/2.0/mlflow/traces/tr-1/info",
    "PATCH, /ajax-api/2.0/mlflow/traces/tr-1",
    "DELETE, /api/2.0/mlflow/traces/tr-1/tags",
    "GET, /api/3.0/mlflow/traces/get?trace_id=x",
    "POST, /api/3.0/mlflow/traces/search",
    "POST, /api/3.0/mlflow/traces/tr-1/assessments",
    "DELETE, /ajax-api/3.0/mlflow/traces/tr-1/assessments/a-1",
    "POST, /api/3.0/mlflow/scorers/register",
    "POST, /api/3.0/mlflow/prompt-optimization/jobs/j/cancel",
    "GET, /api/3.0/mlflow/gateway/endpoints/list",
    "POST, /api/3.0/mlflow/issues/search",
    "GET, /api/3.0/mlflow/datasets/d-1/records",
    "GET, /api/3.0/mlflow/workspaces",
    "POST, /graphql",
    "POST, /v1/traces",
    "POST, /ajax-api/2.0/mlflow/runs/create-promptlab-run"
  })
  void saysOfKnownCallsThatItHasThemNot(String method, String path) {
    Answer answer =
        plain(method, path, method.equals("GET") ? "" : "{}", "Content-Type", "application/json");
    assertThat(error(answer))
        .isEqualTo(
            "501 NOT_IMPLEMENTED %s %s is a call of MLflow that this server does not implement."
                .formatted(method, path.split("\\?")[0]));
  }
}
