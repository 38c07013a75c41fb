package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Runs of all experiments in one list, for consoles. */
@RestController
class RunController {

  private final Database database;
  private final Runs runs;

  RunController(Database database, Runs runs) {
    this.database = database;
    this.runs = runs;
  }

  record Item(
      String runId,
      String name,
      String experiment,
      String experimentId,
      @Nullable String requestId,
      RunStatus status,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      Map<String, Double> metrics,
      Map<String, String> params) {}

  @GetMapping("/api/v1/runs")
  Page<Item> list(
      @RequestParam(defaultValue = "50") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    var after =
        PageToken.parse(pageToken, 2).map(key -> new Runs.Position(key.number(0), key.text(1)));
    return database.read(
        tx -> {
          Page<Runs.Listed> page =
              Page.of(
                  runs.newest(tx, after, limit + 1),
                  limit,
                  row -> new Object[] {row.run().startTime(), row.run().id()});
          List<RunDetails> details =
              runs.details(tx, page.items().stream().map(Runs.Listed::run).toList());
          return new Page<>(
              java.util.stream.IntStream.range(0, details.size())
                  .mapToObj(i -> item(details.get(i), page.items().get(i).experiment()))
                  .toList(),
              page.nextPageToken());
        });
  }

  private static Item item(RunDetails details, String experiment) {
    Run run = details.run();
    Map<String, Double> metrics = new LinkedHashMap<>();
    details.metrics().forEach(metric -> metrics.put(metric.key(), metric.value()));
    return new Item(
        run.id().value(),
        run.name(),
        experiment,
        run.experimentId().toString(),
        run.requestId(),
        run.status(),
        run.startTime() == 0 ? null : Instant.ofEpochMilli(run.startTime()),
        run.endTime() == null ? null : Instant.ofEpochMilli(run.endTime()),
        metrics,
        details.params());
  }
}
