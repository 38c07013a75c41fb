package io.millrace.tracking.work;

import io.millrace.database.DatabaseUnavailable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/** Looks for lost runs from time to time. */
@Component
@Lazy(false)
class LostRuns implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(LostRuns.class);

  private final Work work;
  private final LeaseSettings settings;

  LostRuns(Work work, LeaseSettings settings) {
    this.work = work;
    this.settings = settings;
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    registrar.addFixedDelayTask(this::look, settings.lostCheck());
  }

  private void look() {
    try {
      work.endLost();
    } catch (DatabaseUnavailable later) {
      log.debug("looked for lost runs in vain: {}", later.getMessage());
    }
  }
}
