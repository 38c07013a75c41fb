package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/** Looks for silent runs from time to time. */
@Component
@Lazy(false)
class SilentRuns implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(SilentRuns.class);

  private final Database database;
  private final Heartbeats heartbeats;
  private final HeartbeatSettings settings;

  SilentRuns(Database database, Heartbeats heartbeats, HeartbeatSettings settings) {
    this.database = database;
    this.heartbeats = heartbeats;
    this.settings = settings;
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    registrar.addFixedDelayTask(this::look, settings.check());
  }

  private void look() {
    try {
      while (database.inTransaction(heartbeats::endSilent) > 0) {
        log.debug("ended silent runs");
      }
    } catch (DatabaseUnavailable later) {
      log.debug("looked for silent runs in vain: {}", later.getMessage());
    }
  }
}
