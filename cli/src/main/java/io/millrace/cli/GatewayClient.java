package io.millrace.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The gateway's API as the command line uses it. Safe for concurrent use. */
public final class GatewayClient implements AutoCloseable {

  static final JsonMapper JSON = JsonMapper.builder().build();

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Who changes something, for the events that tell of it. */
  private static final String USER = System.getProperty("user.name", "");

  private final URI gateway;
  private final HttpClient http;

  public GatewayClient(URI gateway) {
    this.gateway = gateway;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
  }

  /** The gateway's address. */
  public URI address() {
    return gateway;
  }

  /** One answer: its status and its body as JSON (a missing node where it had none). */
  public record Answer(int status, JsonNode body) {

    /** True for a 2xx status. */
    public boolean succeeded() {
      return status / 100 == 2;
    }
  }

  /** GET; anything but success is a {@link CliFailure} with the server's own words. */
  public JsonNode get(String path) {
    return require("GET " + path, send(HttpRequest.newBuilder(at(path)).GET()));
  }

  /** GET; empty where there is nothing. */
  public Optional<JsonNode> find(String path) {
    var answer = send(HttpRequest.newBuilder(at(path)).GET());
    return answer.status() == 404 ? Optional.empty() : Optional.of(require("GET " + path, answer));
  }

  /** POST of a JSON object. */
  public JsonNode post(String path, Map<String, ?> body) {
    return require(
        "POST " + path, tryPost(path, JSON.writeValueAsString(body), "application/json"));
  }

  /** PATCH of a JSON object. */
  JsonNode patch(String path, Map<String, ?> body) {
    return require(
        "PATCH " + path,
        send(
            HttpRequest.newBuilder(at(path))
                .header("Content-Type", "application/json")
                .method(
                    "PATCH",
                    BodyPublishers.ofString(
                        JSON.writeValueAsString(body), StandardCharsets.UTF_8))));
  }

  /** DELETE. */
  void delete(String path) {
    require("DELETE " + path, send(HttpRequest.newBuilder(at(path)).DELETE()));
  }

  /** POST of a JSON object whose answer may take hours. */
  JsonNode postForLong(String path, Map<String, ?> body, Map<String, String> headers) {
    var request =
        HttpRequest.newBuilder(at(path))
            .timeout(Duration.ofHours(6))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(JSON.writeValueAsString(body), StandardCharsets.UTF_8));
    headers.forEach(request::header);
    return require("POST " + path, send(request));
  }

  /** PUT of bytes, whose failures the caller reads. */
  Answer tryPut(String path, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    var response =
        http.send(
            HttpRequest.newBuilder(at(path)).timeout(Duration.ofHours(6)).PUT(body).build(),
            BodyHandlers.ofString());
    return new Answer(response.statusCode(), parse(response.body()));
  }

  /** GET of bytes from a position on, which only counts while they have that entity tag. */
  HttpResponse<java.io.InputStream> open(String path, long from, String entityTag)
      throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(at(path)).GET();
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-").header("If-Range", entityTag);
    }
    return http.send(request.build(), BodyHandlers.ofInputStream());
  }

  /** POST whose refusal the caller reads. */
  public Answer tryPost(String path, String body, String mediaType) {
    return send(
        HttpRequest.newBuilder(at(path))
            .header("Content-Type", mediaType)
            .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8)));
  }

  /** Stores a CSV file as a dataset version; the same content is stored once. */
  public JsonNode pushDataset(String name, Path csv) {
    return pushDataset(name, csv, "");
  }

  /** The same, with the name of who stores it, unless that is empty or cannot be in a header. */
  JsonNode pushDataset(String name, Path csv, String by) {
    if (!Files.isReadable(csv)) {
      throw new CliFailure("Cannot read " + csv.toAbsolutePath() + ". Is the path right?");
    }
    try {
      var path = "/api/v1/datasets/" + encode(name) + "/versions";
      var request =
          HttpRequest.newBuilder(at(path))
              .timeout(Duration.ofHours(6))
              .header("Content-Type", "text/csv")
              .header(
                  "Content-Disposition",
                  "attachment; filename*=UTF-8''" + encode(csv.getFileName().toString()))
              .POST(BodyPublishers.ofFile(csv));
      if (by.matches("[!-~]([ -~]*[!-~])?")) {
        request.header("Millrace-Created-By", by);
      }
      return require("POST " + path, send(request));
    } catch (FileNotFoundException e) {
      throw new CliFailure("Cannot read " + csv.toAbsolutePath() + ". Is the path right?");
    }
  }

  /**
   * Stores a file as an artifact; the server refuses other bytes than those of the digest.
   *
   * @return false where it was there already
   */
  boolean storeArtifact(String path, Path file, String sha256) {
    var call = "/api/2.0/mlflow-artifacts/artifacts/" + path;
    try {
      var there =
          http.send(
              HttpRequest.newBuilder(at(call))
                  .timeout(PATIENCE)
                  .method("HEAD", BodyPublishers.noBody())
                  .build(),
              BodyHandlers.discarding());
      if (there.statusCode() == 200
          && there.headers().firstValue("ETag").equals(Optional.of("\"" + sha256 + "\""))) {
        return false;
      }
      require(
          "PUT " + call,
          send(
              HttpRequest.newBuilder(at(call))
                  .timeout(Duration.ofHours(6))
                  .header("Content-Type", "application/octet-stream")
                  .header("Millrace-Sha256", sha256)
                  .PUT(BodyPublishers.ofFile(file))));
      return true;
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Fetches a dataset version's content into a file. */
  public void fetchDataset(String name, String version, Path into) {
    var path = "/api/v1/datasets/" + encode(name) + "/versions/" + encode(version) + "/content";
    try {
      var response =
          http.send(HttpRequest.newBuilder(at(path)).GET().build(), BodyHandlers.ofFile(into));
      if (response.statusCode() != 200) {
        var said = Files.readString(into);
        Files.deleteIfExists(into);
        throw new CliFailure("GET " + path + " answered " + response.statusCode() + ": " + said);
      }
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Opens a server-sent event stream; the caller closes the lines. */
  HttpResponse<java.util.stream.Stream<String>> stream(String path, @Nullable String lastEventId)
      throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(at(path)).header("Accept", "text/event-stream").GET();
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    return http.send(request.build(), BodyHandlers.ofLines());
  }

  private URI at(String path) {
    return gateway.resolve(path);
  }

  static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Percent-encodes a path, leaving its slashes. */
  static String encodePath(String path) {
    return encode(path).replace("%2F", "/");
  }

  private Answer send(HttpRequest.Builder request) {
    if (USER.matches("[!-~]([ -~]*[!-~])?")) {
      request.setHeader("X-Millrace-User", USER);
    }
    try {
      var built = request.build();
      if (built.timeout().isEmpty()) {
        built = request.timeout(PATIENCE).build();
      }
      var response = http.send(built, BodyHandlers.ofString());
      return new Answer(response.statusCode(), parse(response.body()));
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  static JsonNode parse(String body) {
    try {
      return body.isBlank() ? JSON.missingNode() : JSON.readTree(body);
    } catch (JacksonException e) {
      return JSON.getNodeFactory().stringNode(body);
    }
  }

  private static JsonNode require(String call, Answer answer) {
    if (answer.succeeded()) {
      return answer.body();
    }
    throw new CliFailure(refusal(call, answer));
  }

  /** A refusal in the server's own words, one reason a line. */
  static String refusal(String call, Answer answer) {
    var body = answer.body();
    var text = new StringBuilder();
    for (var field : new String[] {"detail", "message", "error"}) {
      if (body.path(field).isString()) {
        text.append(body.path(field).asString());
        break;
      }
    }
    for (var reason : body.path("reasons")) {
      text.append(text.isEmpty() ? "" : "\n")
          .append("  - ")
          .append(reason.path("message").asString());
    }
    if (text.isEmpty()) {
      text.append(call).append(" answered ").append(answer.status());
      if (body.isString()) {
        text.append(": ").append(body.asString());
      }
    }
    return text.toString();
  }

  private CliFailure unreachable(IOException e) {
    var why = e instanceof ConnectException ? "nothing listens there" : e.getMessage();
    return new CliFailure(
        CliFailure.UNREACHABLE,
        "No answer from the gateway at "
            + gateway
            + " ("
            + why
            + "). Start the platform with `./millrace up`, or name another gateway with --gateway.");
  }

  private static CliFailure interrupted() {
    Thread.currentThread().interrupt();
    return new CliFailure("Interrupted.");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
