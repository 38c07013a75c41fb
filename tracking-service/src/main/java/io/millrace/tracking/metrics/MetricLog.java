package io.millrace.tracking.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.runs.Heartbeats;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.Run;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.runs.Runs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Logs points to runs: stores them, and has the others told of them soon. */
@Component
public class MetricLog {

  private final Database database;
  private final Runs runs;
  private final Metrics metrics;
  private final MetricWriter writer;
  private final MetricNews news;
  private final Heartbeats heartbeats;
  private final Counter points;

  MetricLog(
      Database database,
      Runs runs,
      Metrics metrics,
      MetricWriter writer,
      MetricNews news,
      Heartbeats heartbeats,
      MeterRegistry meters) {
    this.database = database;
    this.runs = runs;
    this.metrics = metrics;
    this.writer = writer;
    this.news = news;
    this.heartbeats = heartbeats;
    this.points =
        Counter.builder("millrace.run.metric.points")
            .description("Metric points that were logged and not known before")
            .register(meters);
  }

  /** Logs points; points the run has already are left out, and then tell nobody anything. */
  public void log(Tx tx, Run run, List<Metric> logged) {
    if (!logged.isEmpty()) {
      heartbeats.heard(tx, run.id());
      count(metrics.write(tx, run.id(), logged).map(Metrics.Written::stored).orElse(0L));
    }
  }

  /** Logs points and nothing else to an active run: all of them or none. */
  public void log(RunId id, List<Metric> logged) {
    if (logged.isEmpty()) {
      database.read(tx -> runs.get(tx, id).requireActive());
      return;
    }
    Optional<Metrics.Written> outcome = writer.write(id, logged);
    if (outcome.isEmpty() || outcome.get().stage() != LifecycleStage.ACTIVE) {
      database.read(tx -> runs.get(tx, id).requireActive());
      return;
    }
    count(outcome.get().stored());
    if (outcome.get().lost()) {
      database.inTransactionVoid(tx -> heartbeats.heard(tx, id));
    }
  }

  /** Tells what was logged to a run and not told yet, before what the caller tells next of it. */
  public void tell(Tx tx, RunId id) {
    news.tell(tx, id);
  }

  private void count(long stored) {
    if (stored > 0) {
      news.logged();
      points.increment(stored);
    }
  }

  /**
   * Logs the metrics a run ends with. Each becomes the latest of its name, at the step the run has
   * reached for it; one that the run has logged last with the same value is left out.
   *
   * @param at milliseconds since 1970
   */
  public void logFinal(Tx tx, Run run, Map<String, Double> values, long at) {
    Map<String, Metric> latest = metrics.latest(tx, run.id());
    List<Metric> points = new ArrayList<>();
    values.forEach(
        (key, value) -> {
          Metric last = latest.get(key);
          Metric point = new Metric(key, value, at, last == null ? 0 : last.step());
          if (last == null || Double.compare(last.value(), point.value()) != 0) {
            points.add(
                last == null || last.timestamp() < at
                    ? point
                    : new Metric(key, value, last.timestamp() + 1, last.step()));
          }
        });
    log(tx, run, points);
    tell(tx, run.id());
  }
}
