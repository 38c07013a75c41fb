package io.millrace.tracking.runs;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.millrace.database.Database;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Runs of all experiments in one list, for consoles. */
@RestController
class RunController {

  private final Database database;
  private final Runs runs;
  private final RunDocuments documents;

  RunController(Database database, Runs runs, RunDocuments documents) {
    this.database = database;
    this.runs = runs;
    this.documents = documents;
  }

  /**
   * @param metrics a JSON object of numbers; what is not a number is the text NaN
   * @param params a JSON object of texts
   */
  record Item(
      String runId,
      String name,
      String experiment,
      String experimentId,
      @Nullable String requestId,
      RunStatus status,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      @JsonRawValue String metrics,
      @JsonRawValue String params) {}

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
          List<RunDocuments.Summary> logged =
              documents.summaries(tx, page.items().stream().map(Runs.Listed::run).toList());
          return new Page<>(
              IntStream.range(0, logged.size())
                  .mapToObj(i -> item(page.items().get(i), logged.get(i)))
                  .toList(),
              page.nextPageToken());
        });
  }

  private static Item item(Runs.Listed listed, RunDocuments.Summary logged) {
    Run run = listed.run();
    return new Item(
        run.id().value(),
        run.name(),
        listed.experiment(),
        run.experimentId().toString(),
        run.requestId(),
        run.status(),
        run.startTime() == 0 ? null : Instant.ofEpochMilli(run.startTime()),
        run.endTime() == null ? null : Instant.ofEpochMilli(run.endTime()),
        logged.metrics(),
        logged.params());
  }
}
