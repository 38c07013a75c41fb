package io.millrace.training.services;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * HTTP calls that are repeated with growing pauses while a service is restarting (no connection,
 * HTTP 5xx, 429). So each call must be one that may arrive twice.
 */
@Component
final class PatientHttp implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PatientHttp.class);
  private static final Duration LONGEST_CALL = Duration.ofSeconds(30);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 3000;

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
  private final JsonMapper json;
  private final Duration patience;

  PatientHttp(JsonMapper json, ServiceSettings settings) {
    this.json = json;
    this.patience = settings.training().patience();
  }

  /** A call with its answer turned into a value; an exception of it counts as no answer. */
  @FunctionalInterface
  interface Reading<B, T> {
    T read(HttpResponse<B> answer) throws IOException;
  }

  /** Sends JSON and reads JSON; an empty answer is an empty object. */
  JsonNode post(String uri, Object body) throws InterruptedException {
    return post(uri, body, patience);
  }

  /** The same with a patience of its own, which also bounds a single call. */
  JsonNode post(String uri, Object body, Duration patience) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(java.net.URI.create(uri))
            .timeout(patience.compareTo(LONGEST_CALL) < 0 ? patience : LONGEST_CALL)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)))
            .build();
    return call(
        request,
        patience,
        HttpResponse.BodyHandlers.ofByteArray(),
        answer -> answer.body().length == 0 ? json.createObjectNode() : tree(answer.body()));
  }

  /**
   * Repeats the call until it is answered.
   *
   * @throws ServiceRefused on HTTP 4xx
   * @throws ServiceUnavailable when the patience is over
   */
  <B, T> T call(
      HttpRequest request, Duration patience, BodyHandler<B> handler, Reading<B, T> reading)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    long pause = FIRST_PAUSE_MILLIS;
    for (int attempt = 1; ; attempt++) {
      String trouble;
      try {
        HttpResponse<B> answer = client.send(request, handler);
        int status = answer.statusCode();
        if (status < 300) {
          return reading.read(answer);
        }
        if (status < 500 && status != 429 && status != 408) {
          throw refusal(request, status, answer.body());
        }
        trouble = "HTTP " + status;
      } catch (IOException e) {
        trouble = e.toString();
      }
      if (System.nanoTime() > deadline) {
        throw new ServiceUnavailable(
            "%s %s failed for %s: %s; is that service up?"
                .formatted(request.method(), request.uri(), patience, trouble));
      }
      if (attempt == 3) {
        log.warn("{} {} is repeated: {}", request.method(), request.uri(), trouble);
      }
      Thread.sleep(pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1));
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  private ServiceRefused refusal(HttpRequest request, int status, Object body) {
    JsonNode problem =
        body instanceof byte[] bytes ? treeOrNothing(bytes) : json.createObjectNode();
    String detail =
        problem.path("detail").asString(problem.path("message").asString("no reason given"));
    String code = problem.path("code").asString(problem.path("error_code").asString(""));
    return new ServiceRefused(
        status,
        code,
        "%s %s was refused with HTTP %d: %s"
            .formatted(request.method(), request.uri(), status, detail));
  }

  private JsonNode tree(byte[] bytes) throws IOException {
    try {
      return json.readTree(bytes);
    } catch (JacksonException e) {
      throw new IOException(
          "the answer is not JSON: " + new String(bytes, StandardCharsets.UTF_8), e);
    }
  }

  private JsonNode treeOrNothing(byte[] bytes) {
    try {
      return json.readTree(bytes);
    } catch (JacksonException e) {
      return json.createObjectNode();
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
