package io.millrace.tracking.work;

import io.millrace.problems.ApiProblem;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.registry.ModelPackage;
import io.millrace.tracking.registry.ModelVersion;
import io.millrace.tracking.runs.RunId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** What training workers call about the run they have. */
@RestController
@RequestMapping("/api/v1/runs/{runId}")
class WorkController {

  /** An event carries it, and stays under 64 KiB. */
  private static final int LONGEST_MESSAGE = 4000;

  private final Work work;

  WorkController(Work work) {
    this.work = work;
  }

  /** Takes a run; {@code delivery} counts how often Kafka has delivered its job. */
  record StartRun(@Nullable String worker, @Nullable Integer delivery) {}

  record Started(int attempt, long leaseSeconds) {}

  record Heartbeat(int attempt) {}

  record Release(int attempt) {}

  record Alive(boolean cancelRequested) {}

  record DataChecks(int attempt, boolean passed, long rows, @Nullable List<Check> checks) {

    /**
     * One data check.
     *
     * @param status PASS, WARN or FAIL
     */
    record Check(String check, @Nullable String column, String status, String message) {}
  }

  record Complete(
      int attempt,
      @Nullable Map<String, @Nullable Double> metrics,
      double parityMaxAbsDiff,
      @Nullable ModelPackage modelPackage) {}

  record Registered(String modelName, int version) {}

  record Fail(int attempt, @Nullable String reason, @Nullable String message) {}

  record Cancel(@Nullable String by) {}

  record Cancelled(JobStatus status) {}

  @PostMapping("/start")
  Started start(@PathVariable String runId, @RequestBody StartRun body) {
    Work.Lease lease = work.start(new RunId(runId), given(body.worker(), "worker"));
    return new Started(lease.attempt(), lease.length().toSeconds());
  }

  @PostMapping("/release")
  Map<String, String> release(@PathVariable String runId, @RequestBody Release body) {
    work.release(new RunId(runId), body.attempt());
    return Map.of();
  }

  @PostMapping("/heartbeat")
  Alive heartbeat(@PathVariable String runId, @RequestBody Heartbeat body) {
    return new Alive(work.heartbeat(new RunId(runId), body.attempt()));
  }

  @PostMapping("/data-checks")
  Map<String, String> dataChecks(@PathVariable String runId, @RequestBody DataChecks body) {
    work.dataChecks(
        new RunId(runId),
        body.attempt(),
        body.passed(),
        body.rows(),
        body.checks() == null ? List.of() : body.checks());
    return Map.of();
  }

  @PostMapping("/complete")
  Registered complete(@PathVariable String runId, @RequestBody Complete body) {
    ModelPackage held = body.modelPackage();
    if (held == null
        || held.uri() == null
        || held.mediaType() == null
        || held.sha256() == null
        || !held.sha256().matches("[0-9a-f]{64}")) {
      throw new ApiProblem(
          400,
          "invalid-package",
          "modelPackage needs uri, mediaType, size and sha256 (64 lower-case hex digits).");
    }
    ModelVersion version =
        work.complete(
            new RunId(runId),
            body.attempt(),
            metrics(body.metrics()),
            body.parityMaxAbsDiff(),
            held);
    return new Registered(version.name(), version.version());
  }

  @PostMapping("/fail")
  Map<String, String> fail(@PathVariable String runId, @RequestBody Fail body) {
    work.fail(
        new RunId(runId),
        body.attempt(),
        given(body.reason(), "reason"),
        Names.truncated(body.message() == null ? "" : body.message(), LONGEST_MESSAGE));
    return Map.of();
  }

  @PostMapping("/cancel")
  Cancelled cancel(@PathVariable String runId, @RequestBody Cancel body) {
    return new Cancelled(work.cancel(new RunId(runId), given(body.by(), "by")));
  }

  private static Map<String, Double> metrics(@Nullable Map<String, @Nullable Double> given) {
    Map<String, Double> metrics = new TreeMap<>();
    if (given != null) {
      given.forEach(
          (key, value) -> {
            if (value != null) {
              metrics.put(Names.key(key, "metrics"), value);
            }
          });
    }
    return metrics;
  }

  private static String given(@Nullable String value, String name) {
    if (value == null || value.isBlank()) {
      throw new ApiProblem(400, "missing-field", "The body has no %s: say it.".formatted(name));
    }
    return value.replace('\0', '\ufffd');
  }
}
