package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.tracking.metrics.Metrics.Position;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.runs.RunId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import reactor.core.publisher.Flux;

/** MLflow's calls for the points of one run, and of many for a chart. */
@MlflowApi
class HistoryEndpoints {

  private static final int LARGEST_PAGE = 25_000;
  private static final int MOST_RUNS = 100;
  private static final int MOST_STEPS = 2500;

  private final Database database;
  private final Metrics metrics;

  HistoryEndpoints(Database database, Metrics metrics) {
    this.database = database;
    this.metrics = metrics;
  }

  /** Without max_results a client wants everything and gets it in one answer. */
  @GetMapping("/metrics/get-history")
  ResponseEntity<Flux<DataBuffer>> history(MlflowMessage message) {
    RunId run = RunId.of(message);
    String key = message.required("metric_key");
    Optional<Position> after = message.pageToken(3).map(HistoryJson::position);
    long limit =
        message
            .int64("max_results")
            .map(most -> Math.min(positive(most, message), LARGEST_PAGE))
            .orElse(Long.MAX_VALUE - 1);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new HistoryJson(database, metrics, run, key, after, limit).body());
  }

  @GetMapping("/metrics/get-history-bulk-interval")
  ResponseEntity<DataBuffer> interval(MlflowMessage message) {
    List<String> runs = message.texts("run_ids");
    if (runs.isEmpty()) {
      throw message.missing("run_ids");
    }
    refuseTooMany("GetMetricHistoryBulkInterval", runs);
    String key = message.required("metric_key");
    Optional<Long> start = message.int64("start_step");
    Optional<Long> end = message.int64("end_step");
    if (start.isPresent() != end.isPresent()) {
      throw MlflowException.invalid(
          "start_step and end_step go together: give both or neither of them.");
    }
    if (start.isPresent() && start.get() > end.orElseThrow()) {
      throw MlflowException.invalid(
          "end_step must not be less than start_step. Found start_step=%d and end_step=%d."
              .formatted(start.get(), end.get()));
    }
    long most = message.int64("max_results").orElse((long) MOST_STEPS);
    if (most < 1 || most > MOST_STEPS) {
      throw message.outOfRange("max_results");
    }
    return ofRuns(
        database.read(
            tx ->
                metrics.thinned(tx, runs, key, start.orElse(0L), end.orElse(Long.MAX_VALUE), most)),
        key);
  }

  /** Points of several runs in one list. */
  static ResponseEntity<DataBuffer> ofRuns(Map<RunId, HistoryPoints> found, String key) {
    JsonBytes json = new JsonBytes();
    found.forEach(
        (run, points) -> {
          json.add(json.isEmpty() ? "{\"metrics\":[" : ",");
          points.write(json, points.size(), key, run.value());
        });
    json.add(json.isEmpty() ? "{}" : "]}");
    return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(json.buffer());
  }

  static void refuseTooMany(String call, List<String> runs) {
    if (runs.size() > MOST_RUNS) {
      throw MlflowException.invalid(
          "%s request can name at most %d runs. Got %d.".formatted(call, MOST_RUNS, runs.size()));
    }
  }

  private static long positive(long most, MlflowMessage message) {
    if (most < 1) {
      throw message.outOfRange("max_results");
    }
    return most;
  }
}
