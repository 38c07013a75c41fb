package io.millrace.tracking.webhooks;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/** Prunes the log, and disables webhooks for which more waits than there is room for. */
@Component
@Lazy(false)
class WebhookUpkeep implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(WebhookUpkeep.class);
  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final int AT_A_TIME = 5000;

  private final Database database;
  private final Webhooks webhooks;
  private final Deliveries deliveries;
  private final WebhookEvents events;
  private final WebhookSettings settings;
  private final Clock clock;

  WebhookUpkeep(
      Database database,
      Webhooks webhooks,
      Deliveries deliveries,
      WebhookEvents events,
      WebhookSettings settings,
      Clock clock) {
    this.database = database;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.events = events;
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    registrar.addFixedDelayTask(this::look, PAUSE);
  }

  void look() {
    try {
      long deleted;
      do {
        deleted = database.inTransaction(tx -> deliveries.prune(tx, settings.keep(), AT_A_TIME));
      } while (deleted >= AT_A_TIME);
      database.inTransactionVoid(tx -> webhooks.prune(tx, settings.keep()));
      for (Webhook active : database.read(webhooks::active)) {
        disableIfOverfull(active.id());
      }
    } catch (DatabaseUnavailable later) {
      log.debug("looked after the webhooks in vain: {}", later.getMessage());
    }
  }

  private void disableIfOverfull(String id) {
    database.inTransactionVoid(
        tx -> {
          int most = settings.mostPending();
          if (deliveries.pending(tx, id, most + 1) > most) {
            webhooks
                .locked(tx, id)
                .filter(Webhook::active)
                .ifPresent(
                    webhook -> {
                      Instant now = clock.instant();
                      Webhook disabled =
                          webhook.disabled(
                              "more than %d deliveries wait for it".formatted(most), now);
                      webhooks.save(tx, disabled);
                      events.disabled(tx, disabled, now);
                    });
          }
        });
  }
}
