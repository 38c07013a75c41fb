package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import java.util.List;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;

/** The points of many runs, which only MLflow's own pages ask for in this way. */
@MlflowApi(MlflowApi.AJAX_V2)
class BulkHistoryEndpoints {

  private static final int LARGEST_PAGE = 25_000;

  private final Database database;
  private final Metrics metrics;

  BulkHistoryEndpoints(Database database, Metrics metrics) {
    this.database = database;
    this.metrics = metrics;
  }

  @GetMapping("/metrics/get-history-bulk")
  ResponseEntity<DataBuffer> bulk(MlflowMessage message) {
    List<String> runs = message.texts("run_id");
    if (runs.isEmpty()) {
      throw MlflowException.invalid(
          "GetMetricHistoryBulk request must specify at least one run_id.");
    }
    HistoryEndpoints.refuseTooMany("GetMetricHistoryBulk", runs);
    String key = message.textOrEmpty("metric_key");
    if (key.isEmpty()) {
      throw MlflowException.invalid("GetMetricHistoryBulk request must specify a metric_key.");
    }
    long most = message.int64("max_results").orElse((long) LARGEST_PAGE);
    if (most < 1 || most > LARGEST_PAGE) {
      throw message.outOfRange("max_results");
    }
    return HistoryEndpoints.ofRuns(
        database.read(tx -> metrics.ofRuns(tx, runs, key, (int) most)), key);
  }
}
