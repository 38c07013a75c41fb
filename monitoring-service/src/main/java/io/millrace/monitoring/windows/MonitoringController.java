package io.millrace.monitoring.windows;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.monitoring.models.ModelKey;
import io.millrace.monitoring.models.ProfileState;
import io.millrace.monitoring.models.Watch;
import io.millrace.monitoring.models.Watches;
import io.millrace.problems.ApiProblem;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is watched and what the windows say. */
@RestController
class MonitoringController {

  private final Database database;
  private final Watches watches;
  private final Windows windows;

  MonitoringController(Database database, Watches watches, Windows windows) {
    this.database = database;
    this.watches = watches;
    this.windows = windows;
  }

  /** What is known of a model. */
  enum Status {
    NO_DATA,
    COLLECTING,
    OK,
    DRIFTED
  }

  record Window(
      long revision,
      long number,
      int version,
      String state,
      Instant start,
      Instant end,
      long rows,
      long lateRows,
      @Nullable String verdict,
      @Nullable Double share,
      JsonNode columns) {

    static Window of(Windows.Summary summary) {
      String columns = summary.columns();
      return new Window(
          summary.revision(),
          summary.number(),
          summary.version(),
          summary.open() ? "OPEN" : "CLOSED",
          summary.start(),
          summary.end(),
          summary.rows(),
          summary.lateRows(),
          summary.verdict(),
          summary.share(),
          JsonMapper.shared().readTree(columns == null ? "[]" : columns));
    }
  }

  record Item(
      String environment,
      String modelName,
      int version,
      long revision,
      Status status,
      long collectedRows,
      @Nullable String note,
      @Nullable Window lastWindow) {}

  record Items(List<Item> items) {}

  record WindowItems(List<Window> items, @Nullable String nextPageToken) {}

  @GetMapping("/api/v1/monitoring")
  Items all() {
    return database.inTransaction(
        tx ->
            new Items(
                watches.all(tx).stream()
                    .filter(Watch::active)
                    .map(watch -> item(tx, watch))
                    .toList()));
  }

  @GetMapping("/api/v1/monitoring/{environment}/{model}/windows")
  WindowItems windows(
      @PathVariable String environment,
      @PathVariable String model,
      @RequestParam(defaultValue = "50") int limit,
      @RequestParam(required = false) @Nullable String pageToken) {
    if (limit < 1 || limit > 500) {
      throw new ApiProblem(400, "bad-limit", "limit is " + limit + "; use 1 to 500");
    }
    long[] after = place(pageToken);
    ModelKey key = new ModelKey(environment, model);
    return database.inTransaction(
        tx -> {
          if (watches.find(tx, key).isEmpty()) {
            throw ApiProblem.notFound(
                "nothing is watched at " + key + "; GET /api/v1/monitoring lists what is");
          }
          List<Window> page =
              windows.page(tx, key, after[0], after[1], limit).stream().map(Window::of).toList();
          return new WindowItems(
              page,
              page.size() < limit
                  ? null
                  : page.getLast().revision() + "-" + page.getLast().number());
        });
  }

  private Item item(Tx tx, Watch watch) {
    Windows.@Nullable Summary judged =
        windows.lastJudged(tx, watch.key(), watch.revision()).orElse(null);
    long collected = windows.collecting(tx, watch.key(), watch.revision());
    Status status;
    if (judged != null && !"NOT_ENOUGH_DATA".equals(judged.verdict())) {
      status = watch.drifted() ? Status.DRIFTED : Status.OK;
    } else {
      status = collected > 0 || judged != null ? Status.COLLECTING : Status.NO_DATA;
    }
    return new Item(
        watch.key().environment(),
        watch.key().model(),
        watch.version(),
        watch.revision(),
        status,
        collected,
        note(watch),
        judged == null ? null : Window.of(judged));
  }

  private static @Nullable String note(Watch watch) {
    if (watch.note() != null) {
      return watch.note();
    }
    if (watch.pipeline() == null) {
      return "the pipeline of this version cannot be read, so it is not watched";
    }
    if (!watch.pipeline().monitor().drift().auto()) {
      return "the pipeline says monitor.drift.auto: false";
    }
    return watch.profileState() == ProfileState.PENDING
        ? "the reference profile is being fetched"
        : null;
  }

  private static long[] place(@Nullable String pageToken) {
    if (pageToken == null) {
      return new long[] {Long.MAX_VALUE, Long.MAX_VALUE};
    }
    String[] parts = pageToken.split("-", -1);
    try {
      if (parts.length == 2) {
        return new long[] {Long.parseLong(parts[0]), Long.parseLong(parts[1])};
      }
    } catch (NumberFormatException e) {
      throw badToken(pageToken);
    }
    throw badToken(pageToken);
  }

  private static ApiProblem badToken(String pageToken) {
    return new ApiProblem(
        400, "bad-page-token", "pageToken '" + pageToken + "' is not one this service gave out");
  }
}
