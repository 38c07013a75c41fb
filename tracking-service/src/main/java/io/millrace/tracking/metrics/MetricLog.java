package io.millrace.tracking.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.Heartbeats;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Logs points to runs: stores them and tells the others, in the caller's transaction. */
@Component
public class MetricLog {

  private final Metrics metrics;
  private final MetricEvents events;
  private final Heartbeats heartbeats;
  private final Counter points;

  MetricLog(Metrics metrics, MetricEvents events, Heartbeats heartbeats, MeterRegistry meters) {
    this.heartbeats = heartbeats;
    this.metrics = metrics;
    this.events = events;
    this.points =
        Counter.builder("millrace.run.metric.points")
            .description("Metric points that were logged and not known before")
            .register(meters);
  }

  /** Logs points; points the run has already are left out, and then tell nobody anything. */
  public void log(Tx tx, Run run, List<Metric> logged) {
    if (logged.isEmpty()) {
      return;
    }
    heartbeats.heard(tx, run.id());
    long stored = metrics.write(tx, run.id(), logged);
    if (stored > 0) {
      events.logged(tx, run, logged, stored);
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
  }
}
