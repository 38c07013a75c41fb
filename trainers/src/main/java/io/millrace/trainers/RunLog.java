package io.millrace.trainers;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reports params and metrics of one run over MLflow's REST API, in batches about every 200 ms, from
 * a thread of its own, so that training never waits for the network. A batch that cannot be
 * delivered is retried with growing pauses; the order of batches is kept. A refusal (HTTP 4xx other
 * than 408 and 429) is final: the run was cancelled, finished or given to another worker.
 */
final class RunLog implements AutoCloseable {
  private static final Duration FLUSH_EVERY = Duration.ofMillis(200);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration LAST_PATIENCE = Duration.ofMinutes(2);
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 5000;
  // MLflow's limits of one batch.
  private static final int MAX_METRICS = 1000;
  private static final int MAX_PARAMS = 100;
  private static final int MAX_VALUE_CHARS = 6000;

  private final JsonMapper json = JsonMapper.builder().build();
  private final URI endpoint;
  private final String runId;
  private final @Nullable String attempt;
  private final List<Metric> metrics = new ArrayList<>();
  private final List<Param> params = new ArrayList<>();
  private final Thread sender;
  private long lastTime;
  private boolean closing;
  private boolean sending;
  private @Nullable RunFailure refusal;

  private record Metric(String key, double value, long timestamp, long step) {}

  private record Param(String key, String value) {}

  RunLog(URI trackingUri, String runId, @Nullable String attempt) {
    String base = trackingUri.toString();
    this.endpoint =
        URI.create(
            (base.endsWith("/") ? base.substring(0, base.length() - 1) : base)
                + "/api/2.0/mlflow/runs/log-batch");
    this.runId = runId;
    this.attempt = attempt;
    this.sender = Thread.ofPlatform().name("run-log").daemon().start(this::send);
  }

  /**
   * Queues metrics; values that are not finite are left out, since JSON has none.
   *
   * @throws RunFailure {@code FENCED} once the server has refused a batch
   */
  synchronized void metrics(long step, Map<String, Double> values) {
    add(step, System.currentTimeMillis(), values);
  }

  /**
   * Queues the metrics of the finished model under the last step: later by the clock than any
   * other, so that MLflow, which goes by step and then by time, shows them as the latest.
   */
  synchronized void finalMetrics(long step, Map<String, Double> values) {
    add(step, Math.max(System.currentTimeMillis(), lastTime + 1), values);
  }

  private void add(long step, long now, Map<String, Double> values) {
    throwIfRefused();
    lastTime = now;
    values.forEach(
        (key, value) -> {
          if (Double.isFinite(value)) {
            metrics.add(new Metric(key, value, now, step));
          }
        });
  }

  /** Queues params, values cut at MLflow's limit. */
  synchronized void params(Map<String, ?> values) {
    throwIfRefused();
    values.forEach(
        (key, value) -> {
          String text = String.valueOf(value);
          params.add(
              new Param(
                  key,
                  text.length() <= MAX_VALUE_CHARS ? text : text.substring(0, MAX_VALUE_CHARS)));
        });
  }

  /**
   * Waits until everything queued is delivered.
   *
   * @throws RunFailure where it was refused, or could not be delivered within two minutes
   */
  synchronized void flush() {
    long end = System.nanoTime() + LAST_PATIENCE.toNanos();
    notifyAll();
    while (refusal == null && (sending || !metrics.isEmpty() || !params.isEmpty())) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new RunFailure(
            RunFailure.Reason.CRASHED,
            "the metrics could not be delivered to %s within %s; is tracking-service up?"
                .formatted(endpoint, LAST_PATIENCE));
      }
      pause(left);
    }
    throwIfRefused();
  }

  /** Stops the sender without waiting for what is queued; call {@link #flush()} before. */
  @Override
  public synchronized void close() {
    closing = true;
    notifyAll();
  }

  private void throwIfRefused() {
    if (refusal != null) {
      throw refusal;
    }
  }

  private void send() {
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(REQUEST_TIMEOUT)
            .build()) {
      while (true) {
        String body = nextBatch();
        if (body == null) {
          return;
        }
        deliver(client, body);
        synchronized (this) {
          sending = false;
          notifyAll();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable String nextBatch() {
    while (!closing && refusal == null && metrics.isEmpty() && params.isEmpty()) {
      pause(FLUSH_EVERY.toMillis());
    }
    if (closing || refusal != null) {
      return null;
    }
    // Gather what comes in the meantime, so that a fast training makes few requests.
    if (metrics.size() < MAX_METRICS) {
      pause(FLUSH_EVERY.toMillis());
    }
    Map<String, Object> batch = new LinkedHashMap<>();
    batch.put("run_id", runId);
    batch.put("metrics", taken(metrics, MAX_METRICS));
    batch.put("params", taken(params, MAX_PARAMS));
    sending = true;
    return json.writeValueAsString(batch);
  }

  private static <T> List<T> taken(List<T> queue, int most) {
    List<T> head = queue.subList(0, Math.min(most, queue.size()));
    List<T> taken = List.copyOf(head);
    head.clear();
    return taken;
  }

  private void deliver(HttpClient client, String body) throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            .timeout(REQUEST_TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (attempt != null) {
      request.header("Millrace-Attempt", attempt);
    }
    long pause = FIRST_PAUSE_MILLIS;
    while (!closed()) {
      try {
        HttpResponse<String> answer =
            client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        int status = answer.statusCode();
        if (status < 300) {
          return;
        }
        if (status < 500 && status != 408 && status != 429) {
          refuse(status, answer.body());
          return;
        }
        System.err.println("tracking answered " + status + ", retrying in " + pause + " ms");
      } catch (IOException e) {
        System.err.println(
            "tracking at %s cannot be reached (%s), retrying in %d ms"
                .formatted(endpoint, e, pause));
      }
      Thread.sleep(pause);
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  private synchronized boolean closed() {
    return closing;
  }

  private synchronized void refuse(int status, String body) {
    refusal =
        new RunFailure(
            RunFailure.Reason.FENCED,
            "tracking refused the metrics of run %s with HTTP %d: %s"
                .formatted(runId, status, body.length() > 500 ? body.substring(0, 500) : body));
    notifyAll();
  }

  /** Waits on this object; callers loop over their condition. */
  private void pause(long millis) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closing = true;
    }
  }
}
