package io.millrace.tracking.metrics;

import io.millrace.database.Tx;
import io.millrace.events.MetricPoint;
import io.millrace.events.MetricsLogged;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.runs.Metric;
import java.time.Instant;
import java.util.List;
import org.springframework.stereotype.Component;

/** Metric points as an event of bounded size. */
@Component
class MetricEvents {

  private final Outbox outbox;

  MetricEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  /** One event a run. */
  void logged(Tx tx, List<MetricNews.Item> news) {
    outbox.appendAll(
        tx,
        Topics.RUN_METRICS,
        news.stream()
            .map(ofRun -> new Outbox.Keyed(ofRun.runId(), event(ofRun), ofRun.requestId()))
            .toList());
  }

  private static MetricsLogged event(MetricNews.Item news) {
    return MetricsLogged.newBuilder()
        .setRequestId(news.requestId())
        .setRunId(news.runId())
        .setMetrics(MetricSample.of(news.points()).stream().map(MetricEvents::point).toList())
        .setTotal((int) Math.min(news.total(), Integer.MAX_VALUE))
        .build();
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
