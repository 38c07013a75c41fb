package io.millrace.tracking.webhooks;

import io.millrace.database.Tx;
import io.millrace.events.WebhookDisabled;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.util.Objects;
import org.springframework.stereotype.Component;

/** What the webhooks tell the others. */
@Component
class WebhookEvents {

  private final Outbox outbox;

  WebhookEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  /** The service has given a webhook up; the URL stays out of it, for it may be a secret. */
  void disabled(Tx tx, Webhook webhook, Instant now) {
    outbox.append(
        tx,
        Topics.WEBHOOKS,
        webhook.id(),
        WebhookDisabled.newBuilder()
            .setWebhookId(webhook.id())
            .setName(webhook.name())
            .setForm(webhook.form().name())
            .setReason(Objects.requireNonNullElse(webhook.disabledReason(), ""))
            .setDisabledAt(now)
            .build(),
        null);
  }
}
