package io.millrace.tracking.metrics;

import io.millrace.database.Tx;
import io.millrace.events.MetricPoint;
import io.millrace.events.MetricsLogged;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import io.millrace.tracking.runs.Metric;
import java.time.Instant;
import org.springframework.stereotype.Component;

/** Metric points as an event of bounded size. */
@Component
class MetricEvents {

  private final Outbox outbox;

  MetricEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void logged(Tx tx, MetricNews.Item news) {
    outbox.append(
        tx,
        Topics.RUN_METRICS,
        news.runId(),
        MetricsLogged.newBuilder()
            .setRequestId(news.requestId())
            .setRunId(news.runId())
            .setMetrics(MetricSample.of(news.points()).stream().map(MetricEvents::point).toList())
            .setTotal((int) Math.min(news.total(), Integer.MAX_VALUE))
            .build(),
        news.requestId());
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
