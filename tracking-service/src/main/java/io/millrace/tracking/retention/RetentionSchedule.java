package io.millrace.tracking.retention;

import io.millrace.database.DatabaseUnavailable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/** Removes what may go from time to time, unless that is switched off. */
@Component
@Lazy(false)
class RetentionSchedule implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(RetentionSchedule.class);

  private final Retention retention;
  private final RetentionSettings settings;

  RetentionSchedule(Retention retention, RetentionSettings settings) {
    this.retention = retention;
    this.settings = settings;
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    if (settings.enabled()) {
      registrar.addFixedDelayTask(this::remove, settings.every());
    }
  }

  private void remove() {
    try {
      Retention.Report report = retention.remove(settings.keep(), "retention");
      if (!report.removed().isEmpty() || !report.experiments().isEmpty()) {
        log.info(
            "removed {} runs with {} metric points and {} experiments, deleted more than {} ago",
            report.removed().size(),
            report.metricPoints(),
            report.experiments().size(),
            settings.keep());
      }
    } catch (DatabaseUnavailable later) {
      log.debug("removed nothing: {}", later.getMessage());
    }
  }
}
