package io.millrace.training.services;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;

/** The worker's side of tracking-service: who does which run, and how it ended. */
@Component
public final class Tracking {

  private static final Logger log = LoggerFactory.getLogger(Tracking.class);
  private static final Duration RELEASE = Duration.ofSeconds(2);

  private final TrackingHttp http;
  private final String runs;
  private final ServiceSettings.Patience patience;

  Tracking(TrackingHttp http, ServiceSettings settings) {
    this.http = http;
    this.runs = settings.trackingUri() + "/api/v1/runs/";
    this.patience = settings.training();
  }

  /** What became of an attempt to start a run. */
  public sealed interface Start {

    /**
     * The run is this worker's.
     *
     * @param attempt counted from 1; also the fencing token of everything the worker reports
     * @param lease how long the run stays this worker's without a heartbeat
     */
    record Leased(int attempt, Duration lease) implements Start {}

    /** The run has ended; there is nothing to do. */
    record Finished() implements Start {}

    /** Another worker has it. */
    record Taken(String message) implements Start {}

    /** Tracking does not know the run or does not want it started. */
    record Refused(String message) implements Start {}
  }

  /** The run is another worker's now, or over; whatever this worker reports is refused. */
  public static final class Fenced extends Exception {
    Fenced(String message) {
      super(message);
    }
  }

  /**
   * The stored model package.
   *
   * @param uri folder, `mlflow-artifacts:/...`
   * @param sha256 of its manifest
   * @param size bytes of all its files
   */
  public record PackageRef(String uri, String sha256, long size) {}

  /** Asks for a run. */
  public Start start(String runId, String worker, int delivery) throws InterruptedException {
    try {
      JsonNode answer =
          http.post(
              runs + runId + "/start",
              Map.of("worker", worker, "delivery", delivery),
              patience.patience());
      return new Start.Leased(
          answer.path("attempt").asInt(1),
          Duration.ofSeconds(Math.max(1, answer.path("leaseSeconds").asInt(30))));
    } catch (ServiceRefused refused) {
      return switch (refused.code()) {
        case "run-finished" -> new Start.Finished();
        case "run-leased" -> new Start.Taken(String.valueOf(refused.getMessage()));
        default -> new Start.Refused(String.valueOf(refused.getMessage()));
      };
    }
  }

  /**
   * Gives the run back because this worker stops; it is queued again for anyone. Asked for a moment
   * only.
   *
   * @return false where tracking did not take it back in time: its lease has to end
   */
  public boolean release(String runId, int attempt) throws InterruptedException {
    try {
      http.post(runs + runId + "/release", Map.of("attempt", attempt), RELEASE);
      return true;
    } catch (ServiceRefused | ServiceUnavailable notNow) {
      log.warn("run {} is not released: {}", runId, notNow.getMessage());
      return false;
    }
  }

  /** Keeps the run; true where somebody wants it stopped. */
  public boolean heartbeat(String runId, int attempt) throws InterruptedException, Fenced {
    return report(runId, "heartbeat", Map.of("attempt", attempt), patience.patience())
        .path("cancelRequested")
        .asBoolean(false);
  }

  /**
   * Reports the data checks.
   *
   * @param checks the trainer's report: `passed`, `rows`, `checks`
   * @param patience how long to go on while tracking is away
   */
  public void dataChecks(String runId, int attempt, JsonNode checks, Duration patience)
      throws InterruptedException, Fenced {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("attempt", attempt);
    body.put("passed", checks.path("passed").asBoolean(false));
    body.put("rows", checks.path("rows").asLong(0));
    body.put("checks", checks.path("checks"));
    report(runId, "data-checks", body, patience);
  }

  /** Reports a trained model. */
  public void complete(
      String runId,
      int attempt,
      Map<String, Double> metrics,
      double parityMaxAbsDiff,
      PackageRef modelPackage)
      throws InterruptedException, Fenced {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("attempt", attempt);
    body.put("metrics", metrics);
    body.put("parityMaxAbsDiff", parityMaxAbsDiff);
    body.put(
        "modelPackage",
        Map.of(
            "uri", modelPackage.uri(),
            "mediaType", "application/x-directory",
            "sha256", modelPackage.sha256(),
            "size", modelPackage.size()));
    report(runId, "complete", body, patience.resultPatience());
  }

  /**
   * Reports a run without a model.
   *
   * @param reason stable code of the event TrainingFailed
   */
  public void fail(String runId, int attempt, String reason, String message)
      throws InterruptedException, Fenced {
    report(
        runId,
        "fail",
        Map.of("attempt", attempt, "reason", reason, "message", message),
        patience.resultPatience());
  }

  private JsonNode report(String runId, String what, Map<String, Object> body, Duration patience)
      throws InterruptedException, Fenced {
    try {
      return http.post(runs + runId + "/" + what, body, patience);
    } catch (ServiceRefused refused) {
      if (refused.status() == 409 || refused.status() == 404) {
        throw new Fenced(String.valueOf(refused.getMessage()));
      }
      throw refused;
    }
  }
}
