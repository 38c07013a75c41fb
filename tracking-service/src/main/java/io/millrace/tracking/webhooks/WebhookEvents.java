package io.millrace.tracking.webhooks;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.events.WebhookCreated;
import io.millrace.events.WebhookDeleted;
import io.millrace.events.WebhookDisabled;
import io.millrace.events.WebhookUpdated;
import io.millrace.messaging.Outbox;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.springframework.stereotype.Component;

/**
 * What the webhooks tell the others, and so each other: never a secret, and of an address where it
 * leads but not its path, in which many receivers have theirs. What becomes of deliveries is told
 * of by no event, for it would be delivered in turn.
 */
@Component
class WebhookEvents {

  private final Outbox outbox;

  WebhookEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void created(Tx tx, Webhook webhook, Change change) {
    append(
        tx,
        webhook,
        WebhookCreated.newBuilder()
            .setWebhookId(webhook.id())
            .setName(webhook.name())
            .setForm(webhook.form().name())
            .setOrigin(webhook.origin())
            .setDescription(webhook.description())
            .setTypes(webhook.subscription().types())
            .setModels(webhook.subscription().models())
            .setPipelines(webhook.subscription().pipelines())
            .setFlows(webhook.subscription().flows())
            .setStatus(webhook.status().name())
            .setSigned(webhook.secret() != null)
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** A person has changed a webhook. */
  void updated(Tx tx, Webhook before, Webhook after, Change change) {
    append(
        tx,
        after,
        WebhookUpdated.newBuilder()
            .setWebhookId(after.id())
            .setName(after.name())
            .setForm(after.form().name())
            .setOrigin(after.origin())
            .setDescription(after.description())
            .setTypes(after.subscription().types())
            .setModels(after.subscription().models())
            .setPipelines(after.subscription().pipelines())
            .setFlows(after.subscription().flows())
            .setStatus(after.status().name())
            .setSigned(after.secret() != null)
            .setChanged(after.changesFrom(before))
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  void deleted(Tx tx, Webhook webhook, Change change) {
    append(
        tx,
        webhook,
        WebhookDeleted.newBuilder()
            .setWebhookId(webhook.id())
            .setName(webhook.name())
            .setForm(webhook.form().name())
            .setBy(change.by())
            .setReason(change.reason())
            .build());
  }

  /** The service has given a webhook up. */
  void disabled(Tx tx, Webhook webhook, Instant now) {
    append(
        tx,
        webhook,
        WebhookDisabled.newBuilder()
            .setWebhookId(webhook.id())
            .setName(webhook.name())
            .setForm(webhook.form().name())
            .setReason(Objects.requireNonNullElse(webhook.disabledReason(), ""))
            .setDisabledAt(now)
            .build());
  }

  private void append(Tx tx, Webhook webhook, SpecificRecord event) {
    outbox.append(tx, Topics.WEBHOOKS, webhook.id(), event, null);
  }
}
