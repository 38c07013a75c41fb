package io.millrace.training.jobs;

import io.millrace.training.process.Stop;
import io.millrace.training.services.ServiceRefused;
import io.millrace.training.services.ServiceUnavailable;
import io.millrace.training.services.Tracking;
import io.millrace.training.services.Tracking.Fenced;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a run's lease, three times within it, and hears when the run is to stop. */
final class Heartbeat implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);

  private final Thread thread;

  Heartbeat(Tracking tracking, String runId, int attempt, Duration lease, Consumer<Stop> stop) {
    this.thread =
        Thread.ofVirtual()
            .name("heartbeat-" + runId)
            .start(() -> beat(tracking, runId, attempt, lease.dividedBy(3), stop));
  }

  private static void beat(
      Tracking tracking, String runId, int attempt, Duration pause, Consumer<Stop> stop) {
    try {
      while (true) {
        Thread.sleep(pause);
        try {
          if (tracking.heartbeat(runId, attempt)) {
            stop.accept(Stop.CANCELLED);
          }
        } catch (ServiceUnavailable | ServiceRefused e) {
          // Tracking is restarting; if another worker got the run meanwhile, it will say so.
          log.warn("no heartbeat of run {}: {}", runId, e.getMessage());
        }
      }
    } catch (Fenced e) {
      stop.accept(Stop.FENCED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
