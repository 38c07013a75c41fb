package io.millrace.monitoring.windows;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Tx;
import io.millrace.datasets.Profile;
import io.millrace.monitoring.models.Watch;
import io.millrace.monitoring.models.Watches;
import io.millrace.pipeline.Pipeline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Ends a window: compares, moves the drift state, stores what is to be told, all in the caller's
 * transaction, which holds the watch's lock.
 */
@Component
class Closing {

  private static final Logger log = LoggerFactory.getLogger(Closing.class);

  private final Windows windows;
  private final Watches watches;
  private final DriftEvents events;
  private final MonitoringSettings settings;
  private final MeterRegistry meters;

  Closing(
      Windows windows,
      Watches watches,
      DriftEvents events,
      MonitoringSettings settings,
      MeterRegistry meters) {
    this.windows = windows;
    this.watches = watches;
    this.events = events;
    this.settings = settings;
    this.meters = meters;
  }

  /** What came of it, to be told by {@link #tell} after the commit. */
  record Closed(Windows.Summary window, Comparison comparison, DriftState.Turn turn) {}

  Closed close(Tx tx, Watch watch, Pipeline pipeline, Profile profile, Windows.Summary window) {
    Comparison comparison =
        Comparison.of(
            new Layout(profile),
            windows.counts(tx, window),
            window.rows(),
            pipeline.monitor().drift());
    windows.close(
        tx,
        window,
        comparison.verdict().name(),
        comparison.share(),
        JsonMapper.shared().writeValueAsString(comparison.columns()));
    DriftState.Step step =
        new DriftState(watch.drifted(), watch.streak(), watch.alertOpen())
            .after(comparison.verdict(), settings.windowsToDetect(), settings.windowsToResolve());
    watches.decided(
        tx, watch.key(), step.state().drifted(), step.state().streak(), step.state().alertOpen());
    switch (step.turn()) {
      case DETECTED -> {
        events.detected(tx, watch, pipeline, window, comparison);
        if (pipeline.monitor().onDrift() == Pipeline.OnDrift.RETRAIN) {
          events.retrain(tx, watch, pipeline, window);
        }
      }
      case RESOLVED -> events.resolved(tx, watch, pipeline, window, comparison);
      case NONE -> {}
    }
    windows.prune(tx, watch.key(), settings.keepWindows());
    return new Closed(window, comparison, step.turn());
  }

  /** Counts and logs a window that is closed for good. */
  void tell(Closed closed) {
    meters
        .counter(
            "monitoring.windows",
            "environment",
            closed.window().key().environment(),
            "model",
            closed.window().key().model(),
            "verdict",
            closed.comparison().verdict().name())
        .increment();
    log.info(
        "Window {} of {} version {}: {} rows, {}, share {}{}",
        closed.window().number(),
        closed.window().key(),
        closed.window().version(),
        closed.window().rows(),
        closed.comparison().verdict(),
        closed.comparison().share(),
        switch (closed.turn()) {
          case NONE -> "";
          case DETECTED -> ": drift detected";
          case RESOLVED -> ": drift resolved";
        });
  }
}
