package io.millrace.tracking.intake;

import io.millrace.datasets.NearestName;
import io.millrace.messaging.RetryableFailure;
import io.millrace.messaging.TraceContext;
import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.work.DatasetVersion;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Looks dataset versions up at artifact-service. */
@Component
class DatasetCatalogue {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final ArtifactSettings settings;
  private final HttpClient http;

  DatasetCatalogue(ArtifactSettings settings) {
    this.settings = settings;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.timeout())
            .build();
  }

  /** What a look-up leads to. */
  sealed interface Found {
    /** The version, with its columns as JSON and its rows. */
    record Version(DatasetVersion version, String schema, long rows) implements Found {}

    /** There is none. */
    record None(Reason reason) implements Found {}
  }

  /**
   * Finds a version.
   *
   * @throws RetryableFailure where artifact-service does not answer just now
   */
  Found find(Pipeline.Dataset dataset) {
    String path = "/api/v1/datasets/" + encoded(dataset.name()) + "/versions/";
    HttpResponse<String> answer = get(path + encoded(dataset.version().toString()));
    if (answer.statusCode() == 200) {
      return version(dataset, answer.body());
    }
    if (answer.statusCode() >= 500 || answer.statusCode() == 429) {
      throw unavailable("answered " + answer.statusCode());
    }
    return new Found.None(
        new Reason("dataset-not-found", explained(dataset, answer), "dataset.name"));
  }

  private static Found version(Pipeline.Dataset dataset, String body) {
    try {
      JsonNode json = JSON.readTree(body);
      if (!json.has("sha256")) {
        return new Found.None(
            new Reason(
                "dataset-not-a-table",
                "Dataset '%s' version %d has %d files and no single table to train on; push one CSV."
                    .formatted(
                        dataset.name(), json.path("version").asInt(), json.path("files").asInt()),
                "dataset.name"));
      }
      return new Found.Version(
          new DatasetVersion(
              json.required("name").asString(),
              json.required("version").asInt(),
              json.required("digest").asString(),
              json.required("uri").asString(),
              json.path("mediaType").asString("text/csv"),
              json.required("sha256").asString(),
              json.required("size").asLong()),
          json.required("schema").toString(),
          json.path("rows").asLong());
    } catch (JacksonException | IllegalArgumentException notADataset) {
      throw new RetryableFailure(
          "What artifact-service says of dataset %s cannot be read: %s"
              .formatted(dataset.name(), notADataset.getMessage()),
          AGAIN);
    }
  }

  private String explained(Pipeline.Dataset dataset, HttpResponse<String> answer) {
    List<String> names = names();
    if (names.contains(dataset.name())) {
      return "Dataset '%s' has no version %s: %s"
          .formatted(dataset.name(), dataset.version(), detail(answer));
    }
    return "There is no dataset '%s'%s. Push it first: millrace push %s <file.csv>."
        .formatted(
            dataset.name(),
            NearestName.of(dataset.name(), names)
                .map(near -> "; did you mean '" + near + "'?")
                .orElse(""),
            dataset.name());
  }

  private List<String> names() {
    HttpResponse<String> answer = get("/api/v1/datasets?limit=1000");
    List<String> names = new ArrayList<>();
    if (answer.statusCode() == 200) {
      try {
        JSON.readTree(answer.body())
            .path("items")
            .forEach(item -> names.add(item.path("name").asString("")));
      } catch (JacksonException unreadable) {
        return List.of();
      }
    }
    return names;
  }

  private static String detail(HttpResponse<String> answer) {
    try {
      return JSON.readTree(answer.body())
          .path("detail")
          .asString("it answered " + answer.statusCode());
    } catch (JacksonException unreadable) {
      return "it answered " + answer.statusCode();
    }
  }

  private HttpResponse<String> get(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(settings.uri().toString().replaceAll("/+$", "") + path))
            .timeout(settings.timeout())
            .header("Accept", "application/json");
    TraceContext.current()
        .ifPresent(trace -> request.header(TraceContext.HEADER, trace.child().traceparent()));
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException unreachable) {
      throw unavailable("cannot be reached: " + unreachable);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw unavailable("was not waited for: this service stops");
    }
  }

  private RetryableFailure unavailable(String what) {
    return new RetryableFailure("artifact-service at %s %s".formatted(settings.uri(), what), AGAIN);
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
