package io.millrace.tracking.metrics;

import io.millrace.database.Tx;
import io.millrace.events.MetricPoint;
import io.millrace.events.MetricsLogged;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.Run;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** Metric points as an event of bounded size. */
@Component
class MetricEvents {

  private static final int MOST_POINTS = 100;

  /** An event stays under 64 KiB; a point takes its key and some 30 bytes. */
  private static final int MOST_BYTES = 48 * 1024;

  private static final int BYTES_BESIDE_KEY = 32;

  private static final Comparator<Metric> NEWEST_LAST =
      Comparator.comparingLong(Metric::step)
          .thenComparingLong(Metric::timestamp)
          .thenComparingDouble(Metric::value);

  private final Outbox outbox;

  MetricEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void logged(Tx tx, Run run, List<Metric> points, long stored) {
    outbox.append(
        tx,
        Topics.RUN_METRICS,
        run.id().value(),
        MetricsLogged.newBuilder()
            .setRequestId(run.requestId())
            .setRunId(run.id().value())
            .setMetrics(sample(points).stream().map(MetricEvents::point).toList())
            .setTotal(Math.toIntExact(stored))
            .build(),
        run.requestId());
  }

  /** The newest point of each key first, then the others from new to old, as many as fit. */
  static List<Metric> sample(List<Metric> points) {
    TreeMap<String, Metric> newest = new TreeMap<>();
    for (Metric point : points) {
      newest.merge(point.key(), point, (a, b) -> NEWEST_LAST.compare(a, b) >= 0 ? a : b);
    }
    List<Metric> ordered = new ArrayList<>(newest.values());
    points.stream()
        .filter(point -> newest.get(point.key()) != point)
        .sorted(NEWEST_LAST.reversed())
        .forEach(ordered::add);
    int bytes = 0;
    List<Metric> sample = new ArrayList<>();
    for (Metric point : ordered) {
      bytes += 3 * point.key().length() + BYTES_BESIDE_KEY;
      if (sample.size() == MOST_POINTS || bytes > MOST_BYTES) {
        break;
      }
      sample.add(point);
    }
    return sample;
  }

  private static MetricPoint point(Metric metric) {
    return MetricPoint.newBuilder()
        .setKey(metric.key())
        .setValue(metric.value())
        .setStep(metric.step())
        .setTimestamp(Instant.ofEpochMilli(metric.timestamp()))
        .build();
  }
}
