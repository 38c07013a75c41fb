package io.millrace.artifact.artifacts;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks tracking-service where the artifacts of a run or model are. */
@Component
final class RunRoots implements AutoCloseable {

  private static final String SCHEME = "mlflow-artifacts:/";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final URI tracking;
  private final JsonMapper json;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

  RunRoots(@Value("${millrace.tracking.uri:http://127.0.0.1:8081}") URI tracking, JsonMapper json) {
    this.tracking = tracking;
    this.json = json;
  }

  /**
   * Where a run's artifacts are.
   *
   * @param uri as MLflow shows it
   * @param folder the folder of the artifact proxy
   */
  record RunRoot(String uri, ArtifactPath folder) {

    /** The file of that path below the root. */
    ArtifactPath file(ArtifactPath inside) {
      return ArtifactPath.ofFile(folder.inside() + inside.value());
    }
  }

  /** Tracking does not know the run, cannot be asked, or keeps its artifacts elsewhere. */
  static final class RunRefused extends RuntimeException {
    private final int status;
    private final String errorCode;

    RunRefused(int status, String errorCode, String message) {
      super(message);
      this.status = status;
      this.errorCode = errorCode;
    }

    int status() {
      return status;
    }

    String errorCode() {
      return errorCode;
    }
  }

  /**
   * The artifact root of a run.
   *
   * @throws RunRefused with the answer of tracking-service where it is not one
   */
  RunRoot of(String runId) {
    JsonNode body = ask("runs/get?run_id=" + encoded(runId));
    return root(
        "run " + runId, body.path("run").path("info").path("artifact_uri").asString(""), "");
  }

  /** The artifact root of a logged model, as {@link #of}. */
  RunRoot ofLoggedModel(String modelId) {
    JsonNode body = ask("logged-models/" + encoded(modelId));
    return root(
        "model " + modelId, body.path("model").path("info").path("artifact_uri").asString(""), "");
  }

  /** The artifact root of a model version, as {@link #of}. */
  RunRoot ofModelVersion(String name, String version) {
    JsonNode body =
        ask(
            "model-versions/get-download-uri?name="
                + encoded(name)
                + "&version="
                + encoded(version));
    String uri = body.path("artifact_uri").asString("");
    String what = "model version " + name + "/" + version;
    if (uri.startsWith("runs:/")) {
      String[] parts = uri.substring("runs:/".length()).split("/", 2);
      RunRoot run = of(parts[0]);
      return root(what, run.uri(), parts.length > 1 ? "/" + parts[1] : "");
    }
    if (uri.startsWith("models:/m-")) {
      String[] parts = uri.substring("models:/".length()).split("/", 2);
      RunRoot model = ofLoggedModel(parts[0]);
      return root(what, model.uri(), parts.length > 1 ? "/" + parts[1] : "");
    }
    return root(what, uri, "");
  }

  private static RunRoot root(String what, String uri, String below) {
    if (!uri.startsWith(SCHEME)) {
      throw new RunRefused(
          400,
          "INVALID_PARAMETER_VALUE",
          "the artifacts of %s are at '%s', which is not behind this artifact proxy; read them there"
              .formatted(what, uri));
    }
    String path = URI.create(uri).getPath();
    return new RunRoot(
        uri + below,
        ArtifactPath.ofFolder((path.startsWith("/") ? path.substring(1) : path) + below));
  }

  private JsonNode ask(String call) {
    HttpResponse<String> answer = send(call);
    JsonNode body;
    try {
      body = json.readTree(answer.body());
    } catch (JacksonException e) {
      throw new RunRefused(
          503,
          "TEMPORARILY_UNAVAILABLE",
          "tracking-service at %s did not answer with JSON (HTTP %d)"
              .formatted(tracking, answer.statusCode()));
    }
    if (answer.statusCode() != 200) {
      throw new RunRefused(
          answer.statusCode(),
          body.path("error_code").asString("INTERNAL_ERROR"),
          body.path("message").asString("tracking-service refused " + call));
    }
    return body;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpResponse<String> send(String call) {
    URI uri = URI.create(tracking + "/api/2.0/mlflow/" + call);
    try {
      return http.send(
          HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new RunRefused(
          503,
          "TEMPORARILY_UNAVAILABLE",
          "tracking-service at %s cannot be asked: %s".formatted(tracking, e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RunRefused(503, "TEMPORARILY_UNAVAILABLE", "the service is stopping");
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
