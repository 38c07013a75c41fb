package io.millrace.training.services;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON calls of tracking-service, retried with exponential back-off while it does not answer (no
 * connection, HTTP 5xx, 408, 429). A call may therefore arrive twice.
 */
@Component
final class TrackingHttp implements AutoCloseable {

  private static final Duration LONGEST_CALL = Duration.ofSeconds(30);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration FIRST_DELAY = Duration.ofMillis(100);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(2);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
  private final RestClient client = RestClient.create();
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
    JdkClientHttpRequestFactory requests = new JdkClientHttpRequestFactory(http);
    requests.setReadTimeout(patience.compareTo(LONGEST_CALL) < 0 ? patience : LONGEST_CALL);
    RestClient.RequestBodySpec request =
        client
            .mutate()
            .requestFactory(requests)
            .build()
            .post()
            .uri(URI.create(uri))
            .contentType(MediaType.APPLICATION_JSON)
            .body(json.writeValueAsBytes(body));
    RetryPolicy policy =
        RetryPolicy.builder()
            .predicate(e -> e instanceof RuntimeException && !isRefusal(e))
            .timeout(patience)
            .maxRetries(Long.MAX_VALUE)
            .delay(FIRST_DELAY)
            .jitter(FIRST_DELAY.dividedBy(2))
            .multiplier(2)
            .maxDelay(LONGEST_DELAY)
            .build();
    try {
      return new RetryTemplate(policy).execute(() -> tree(request.retrieve().body(byte[].class)));
    } catch (RetryException e) {
      // An interrupted call or back-off leaves the flag and some other exception.
      if (Thread.interrupted()) {
        throw new InterruptedException(uri + " was interrupted");
      }
      if (isRefusal(e.getCause())) {
        throw refusal(uri, (HttpClientErrorException) e.getCause());
      }
      throw new ServiceUnavailable(
          "POST %s failed for %s: %s; is that service up?".formatted(uri, patience, e.getCause()),
          e.getCause());
    }
  }

  private static boolean isRefusal(Throwable e) {
    return e instanceof HttpClientErrorException refused
        && refused.getStatusCode().value() != 408
        && refused.getStatusCode().value() != 429;
  }

  private JsonNode tree(byte @Nullable [] body) {
    return body == null || body.length == 0 ? json.createObjectNode() : json.readTree(body);
  }

  private ServiceRefused refusal(String uri, HttpClientErrorException refused) {
    JsonNode problem;
    try {
      problem = tree(refused.getResponseBodyAsByteArray());
    } catch (JacksonException notJson) {
      problem = json.createObjectNode();
    }
    int status = refused.getStatusCode().value();
    return new ServiceRefused(
        status,
        problem.path("code").asString(""),
        "POST %s was refused with HTTP %d: %s"
            .formatted(uri, status, problem.path("detail").asString("no reason given")));
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
