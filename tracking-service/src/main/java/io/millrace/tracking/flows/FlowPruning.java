package io.millrace.tracking.flows;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/** Deletes old events, a few thousand at a time. */
@Component
@Lazy(false)
class FlowPruning implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(FlowPruning.class);
  private static final int AT_A_TIME = 5000;

  private final Database database;
  private final Flows flows;
  private final FlowSettings settings;

  FlowPruning(Database database, Flows flows, FlowSettings settings) {
    this.database = database;
    this.flows = flows;
    this.settings = settings;
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    registrar.addFixedDelayTask(this::prune, settings.prune());
  }

  void prune() {
    try {
      long deleted;
      do {
        deleted =
            database.inTransaction(
                tx -> flows.prune(tx, settings.keep(), settings.keepMetrics(), AT_A_TIME));
      } while (deleted >= AT_A_TIME);
    } catch (DatabaseUnavailable later) {
      log.debug("pruned in vain: {}", later.getMessage());
    }
  }
}
