package io.millrace.training.services;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON calls of tracking-service, retried with exponential back-off while it does not answer (no
 * connection, HTTP 5xx, 408, 429). A call may therefore arrive twice.
 *
 * <p>Works on the JDK's HTTP client and not on RestClient: each call has a timeout of its own, and
 * a worker that stops interrupts it.
 */
@Component
final class TrackingHttp implements AutoCloseable {

  private static final Duration LONGEST_CALL = Duration.ofSeconds(30);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration FIRST_DELAY = Duration.ofMillis(100);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(2);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
  private final JsonMapper json;

  TrackingHttp(JsonMapper json) {
    this.json = json;
  }

  /**
   * Sends JSON and reads JSON; an empty answer is an empty object.
   *
   * @param patience how long the call is retried; also bounds a single attempt
   * @throws ServiceRefused on HTTP 4xx
   * @throws ServiceUnavailable when the patience ends
   */
  JsonNode post(String uri, Object body, Duration patience) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(uri))
            .timeout(patience.compareTo(LONGEST_CALL) < 0 ? patience : LONGEST_CALL)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)))
            .build();
    RetryPolicy policy =
        RetryPolicy.builder()
            .includes(IOException.class)
            .timeout(patience)
            .maxRetries(Long.MAX_VALUE)
            .delay(FIRST_DELAY)
            .jitter(FIRST_DELAY.dividedBy(2))
            .multiplier(2)
            .maxDelay(LONGEST_DELAY)
            .build();
    try {
      return new RetryTemplate(policy).execute(() -> attempt(request));
    } catch (RetryException e) {
      // An interrupted back-off leaves the flag and the exception of the attempt before.
      if (e.getCause() instanceof InterruptedException || Thread.interrupted()) {
        throw new InterruptedException(uri + " was interrupted");
      }
      if (e.getCause() instanceof RuntimeException refused) {
        throw refused;
      }
      throw new ServiceUnavailable(
          "POST %s failed for %s: %s; is that service up?".formatted(uri, patience, e.getCause()),
          e.getCause());
    }
  }

  private JsonNode attempt(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    int status = answer.statusCode();
    if (status < 300) {
      return answer.body().length == 0 ? json.createObjectNode() : tree(answer.body());
    }
    if (status >= 500 || status == 429 || status == 408) {
      throw new IOException("HTTP " + status);
    }
    throw refusal(request, status, answer.body());
  }

  private ServiceRefused refusal(HttpRequest request, int status, byte[] body) {
    JsonNode problem;
    try {
      problem = json.readTree(body);
    } catch (JacksonException notJson) {
      problem = json.createObjectNode();
    }
    return new ServiceRefused(
        status,
        problem.path("code").asString(""),
        "%s %s was refused with HTTP %d: %s"
            .formatted(
                request.method(),
                request.uri(),
                status,
                problem.path("detail").asString("no reason given")));
  }

  private JsonNode tree(byte[] bytes) throws IOException {
    try {
      return json.readTree(bytes);
    } catch (JacksonException e) {
      throw new IOException(
          "the answer is not JSON: " + new String(bytes, StandardCharsets.UTF_8), e);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
