package io.millrace.cli.porting;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Calls on one server of MLflow's REST API. Busy servers (408, 429, 5xx, no connection) are asked
 * again, as late as they wish. Safe for concurrent use.
 */
final class MlflowHttp implements AutoCloseable {

  static final String API = "/api/2.0/mlflow";
  static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";

  private static final Set<Integer> BUSY = Set.of(408, 429, 500, 502, 503, 504);
  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final Duration TRANSFER = Duration.ofHours(12);

  private final URI base;
  private final Credentials credentials;
  private final Patience patience;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  MlflowHttp(URI base, Credentials credentials, Patience patience) {
    this.base = base;
    this.credentials = credentials;
    this.patience = patience;
  }

  URI base() {
    return base;
  }

  /** GET of one of MLflow's calls, with its query. */
  JsonNode get(String call, Map<String, String> query) throws Trouble {
    return json(() -> request(call + query(query)).GET());
  }

  /** POST, PATCH or DELETE with a JSON body that may be sent twice. */
  JsonNode send(String method, String call, Map<String, ?> body) throws Trouble {
    return json(() -> withBody(method, call, body));
  }

  /** Finds out whether a call that got no clear answer was carried out all the same. */
  @FunctionalInterface
  interface Lookup {
    /** The answer that the call would have got; null where it was not carried out. */
    @Nullable JsonNode find() throws Trouble;
  }

  /**
   * A call that must be carried out once: before it is sent again, it is looked up whether it was
   * carried out.
   */
  JsonNode once(String call, Map<String, ?> body, Lookup lookup) throws Trouble {
    for (int failed = 1; ; failed++) {
      try {
        return parsed(attempt(withBody("POST", call, body)));
      } catch (Busy busy) {
        pauseAfter(busy, failed);
        var found = lookup.find();
        if (found != null) {
          return found;
        }
      }
    }
  }

  private JsonNode json(Supplier<HttpRequest.Builder> request) throws Trouble {
    for (int failed = 1; ; failed++) {
      try {
        return parsed(attempt(request.get()));
      } catch (Busy busy) {
        pauseAfter(busy, failed);
      }
    }
  }

  /** A body being read, its length (-1 unknown) and its SHA-256 in hex ("" unknown). */
  record Content(InputStream bytes, long size, String sha256) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      bytes.close();
    }
  }

  /** GET of bytes; the caller closes them. */
  Content open(URI uri) throws Trouble {
    for (int failed = 1; ; failed++) {
      try {
        var response = attempt(request(uri).timeout(TRANSFER).GET());
        return new Content(
            response.body(),
            response.headers().firstValueAsLong("Content-Length").orElse(-1),
            Sha256.declared(response.headers().firstValue("Repr-Digest").orElse("")));
      } catch (Busy busy) {
        pauseAfter(busy, failed);
      }
    }
  }

  /** Bytes that can be sent from their start as often as needed. */
  @FunctionalInterface
  interface Sender {
    HttpRequest.Builder request(HttpRequest.Builder to) throws IOException;
  }

  /** PUT of bytes to the artifact proxy, made anew for every try. */
  void put(String path, Sender sender) throws IOException {
    for (int failed = 1; ; failed++) {
      try {
        var to = request(PROXY + "/" + encodePath(path)).timeout(TRANSFER);
        parsed(attempt(sender.request(to)));
        return;
      } catch (Busy busy) {
        pauseAfter(busy, failed);
      }
    }
  }

  /** The SHA-256 under which the artifact proxy keeps a path; "" where it does not say. */
  String storedDigest(String path) throws Trouble {
    for (int failed = 1; ; failed++) {
      try {
        var response =
            attempt(
                request(PROXY + "/" + encodePath(path)).method("HEAD", BodyPublishers.noBody()));
        response.body().close();
        return Sha256.declared(response.headers().firstValue("Repr-Digest").orElse(""));
      } catch (IOException | Refused noAnswerToHead) {
        return "";
      } catch (Busy busy) {
        pauseAfter(busy, failed);
      }
    }
  }

  URI at(String pathAndQuery) {
    return URI.create(base + pathAndQuery);
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static String encodePath(String path) {
    var encoded = new StringBuilder();
    for (var segment : path.split("/", -1)) {
      encoded.append(encoded.isEmpty() ? "" : "/").append(encode(segment));
    }
    return encoded.toString();
  }

  private static String query(Map<String, String> query) {
    var text = new StringBuilder();
    query.forEach(
        (name, value) ->
            text.append(text.isEmpty() ? '?' : '&').append(name).append('=').append(encode(value)));
    return text.toString();
  }

  private HttpRequest.Builder withBody(String method, String call, Map<String, ?> body) {
    BodyPublisher json =
        BodyPublishers.ofString(Messages.JSON.writeValueAsString(body), StandardCharsets.UTF_8);
    return request(call).header("Content-Type", "application/json").method(method, json);
  }

  private HttpRequest.Builder request(String pathAndQuery) {
    return request(at(pathAndQuery));
  }

  private HttpRequest.Builder request(URI uri) {
    var request = HttpRequest.newBuilder(uri).timeout(TIMEOUT);
    // Credentials are for this server, not for one that an artifact URI names.
    if (credentials.header() != null && Objects.equals(uri.getAuthority(), base.getAuthority())) {
      request.header("Authorization", credentials.header());
    }
    return request;
  }

  /** Nothing came back, or that the server cannot answer just now. */
  private static final class Busy extends Exception {
    private final boolean away;
    private final Duration after;

    Busy(String message, boolean away, Duration after) {
      super(message);
      this.away = away;
      this.after = after;
    }
  }

  private HttpResponse<InputStream> attempt(HttpRequest.Builder builder) throws Busy {
    var request = builder.build();
    var call = request.method() + " " + request.uri().getRawPath();
    HttpResponse<InputStream> response;
    try {
      response = http.send(request, BodyHandlers.ofInputStream());
    } catch (HttpTimeoutException e) {
      throw new Busy(call + " got no answer in time", true, Duration.ZERO);
    } catch (IOException e) {
      throw new Busy(
          call + " on " + base + " failed: " + reason(e), !readingFailed(e), Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PortingFailure("Interrupted; run it again to go on.", e);
    }
    if (response.statusCode() / 100 == 2) {
      return response;
    }
    var said = said(response);
    var code = said.path("error_code").asString("");
    var message = said.path("message").asString("");
    var words =
        call + " answered " + response.statusCode() + (message.isEmpty() ? "" : ": " + message);
    // INVALID_STATE travels as 500 and is for good.
    if (BUSY.contains(response.statusCode()) && !code.equals("INVALID_STATE")) {
      throw new Busy(words, false, retryAfter(response));
    }
    if (response.statusCode() == 401 || response.statusCode() == 403) {
      throw new PortingFailure(
          words
              + "\n%s wants to know who asks: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
                  .formatted(base));
    }
    throw new Refused(response.statusCode(), code, words);
  }

  /** What was to be sent could not be read: not this server's fault. */
  static final class Broken extends IOException {
    Broken(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private static boolean readingFailed(Throwable failure) {
    for (var e = failure; e != null; e = e.getCause()) {
      if (e instanceof Broken || e instanceof Trouble) {
        return true;
      }
    }
    return false;
  }

  private static String reason(Throwable e) {
    return e instanceof ConnectException
        ? "nothing listens there"
        : Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
  }

  private static JsonNode said(HttpResponse<InputStream> response) {
    try (var body = response.body()) {
      return Messages.JSON.readTree(body.readNBytes(64 * 1024));
    } catch (IOException | JacksonException e) {
      return Messages.JSON.missingNode();
    }
  }

  private void pauseAfter(Busy busy, int failed) throws Trouble {
    if (failed >= patience.tries()) {
      throw new Trouble(String.valueOf(busy.getMessage()), busy.away);
    }
    var pause = patience.pause(failed);
    var asked = patience.bounded(busy.after);
    try {
      Thread.sleep(asked.compareTo(pause) > 0 ? asked : pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PortingFailure("Interrupted; run it again to go on.", e);
    }
  }

  private static JsonNode parsed(HttpResponse<InputStream> response) throws Busy {
    try (var body = response.body()) {
      return Messages.JSON.readTree(body);
    } catch (IOException | JacksonException e) {
      throw new Busy("an answer broke off or is not JSON: " + e.getMessage(), false, Duration.ZERO);
    }
  }

  private static Duration retryAfter(HttpResponse<?> response) {
    var value = response.headers().firstValue("Retry-After").orElse("").strip();
    try {
      return value.isEmpty() ? Duration.ZERO : Duration.ofSeconds(Long.parseLong(value));
    } catch (NumberFormatException notSeconds) {
      try {
        var date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        var left = Duration.between(Instant.now(), date);
        return left.isNegative() ? Duration.ZERO : left;
      } catch (DateTimeParseException neither) {
        return Duration.ZERO;
      }
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
