package io.millrace.deployment.environments;

import io.millrace.database.Database;
import io.millrace.deployment.paging.PageToken;
import io.millrace.deployment.refusals.Refusal;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Answers what is wanted, what was wanted at any moment, and what the replicas serve. */
@RestController
class EnvironmentController {
  private final Database database;
  private final Deployments deployments;

  EnvironmentController(Database database, Deployments deployments) {
    this.database = database;
    this.deployments = deployments;
  }

  record Replica(String replica, int version, long revision, String outcome, Instant at) {}

  record Item(
      String environment,
      String modelName,
      int version,
      long revision,
      DeploymentStatus status,
      Cause cause,
      List<String> by,
      @Nullable String comment,
      @Nullable String requestId,
      @Nullable String message,
      Instant decidedAt,
      List<Replica> replicas) {}

  record Page<T>(List<T> items, @Nullable String nextPageToken) {}

  @GetMapping("/api/v1/deployments")
  Page<Item> deployments(
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(required = false) @Nullable String pageToken) {
    int size = PageToken.limit(limit);
    List<String> after = PageToken.decode(pageToken, 2);
    return database.read(
        tx -> {
          List<Deployment> found =
              deployments.page(
                  tx,
                  after.isEmpty() ? null : after.get(0),
                  after.isEmpty() ? null : after.get(1),
                  size);
          return new Page<>(
              found.stream()
                  .map(
                      d ->
                          item(
                              d,
                              deployments.reports(tx, d.environment(), d.modelName()).stream()
                                  .map(EnvironmentController::replica)
                                  .toList()))
                  .toList(),
              found.size() < size
                  ? null
                  : PageToken.encode(found.getLast().environment(), found.getLast().modelName()));
        });
  }

  @GetMapping("/api/v1/deployments/{environment}/{model}/history")
  Page<HistoryEntry> history(
      @PathVariable String environment,
      @PathVariable String model,
      @RequestParam(required = false) @Nullable Instant at,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(required = false) @Nullable String pageToken) {
    int size = PageToken.limit(limit);
    List<String> after = PageToken.decode(pageToken, 1);
    long below = after.isEmpty() ? Long.MAX_VALUE : PageToken.number(after.getFirst());
    return database.read(
        tx -> {
          if (deployments.find(tx, environment, model).isEmpty()) {
            throw Refusal.missing(
                "not-deployed",
                "Nothing was ever wanted for model '%s' in environment '%s'; see /api/v1/deployments."
                    .formatted(model, environment));
          }
          if (at != null) {
            return new Page<>(
                deployments.wantedAt(tx, environment, model, at).stream().toList(), null);
          }
          List<HistoryEntry> found = deployments.history(tx, environment, model, below, size);
          return new Page<>(
              found,
              found.size() < size
                  ? null
                  : PageToken.encode(Long.toString(found.getLast().revision())));
        });
  }

  private static Item item(Deployment d, List<Replica> replicas) {
    return new Item(
        d.environment(),
        d.modelName(),
        d.version(),
        d.revision(),
        d.status(),
        d.change().cause(),
        d.change().by(),
        d.change().comment(),
        d.change().requestId(),
        d.message(),
        d.decidedAt(),
        replicas);
  }

  private static Replica replica(ReplicaReport report) {
    return new Replica(
        report.replica(),
        report.version(),
        report.revision(),
        report.outcome().name(),
        report.at());
  }
}
