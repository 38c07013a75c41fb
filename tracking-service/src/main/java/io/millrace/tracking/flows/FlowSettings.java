package io.millrace.tracking.flows;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The history of flows ({@code millrace.flows.*}).
 *
 * @param keep how long events stay; flows themselves stay
 * @param keepMetrics how long metrics and stored files stay in the history; the runs keep them
 * @param prune how often old events are deleted
 * @param heartbeat pause between two comments in an event stream, 1 s to 1 min
 */
@ConfigurationProperties("millrace.flows")
record FlowSettings(
    @DefaultValue("30d") Duration keep,
    @DefaultValue("2d") Duration keepMetrics,
    @DefaultValue("10m") Duration prune,
    @DefaultValue("15s") Duration heartbeat) {

  FlowSettings {
    if (heartbeat.compareTo(Duration.ofSeconds(1)) < 0
        || heartbeat.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException(
          "millrace.flows.heartbeat is " + heartbeat + ", not 1s to 1m");
    }
    if (keep.isNegative() || keepMetrics.isNegative()) {
      throw new IllegalArgumentException("millrace.flows.keep and keep-metrics are not negative");
    }
  }
}
