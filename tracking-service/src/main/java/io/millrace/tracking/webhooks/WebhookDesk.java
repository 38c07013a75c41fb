package io.millrace.tracking.webhooks;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.flows.History;
import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What people do with webhooks, the same for both forms. What changes one publishes its event in
 * the same transaction, as its last step; what changes nothing publishes none.
 */
@Component
class WebhookDesk {

  private final Database database;
  private final Webhooks webhooks;
  private final Deliveries deliveries;
  private final History history;
  private final SecretBox box;
  private final Courier courier;
  private final Dispatcher dispatcher;
  private final WebhookEvents events;
  private final WebhookSettings settings;
  private final Clock clock;

  WebhookDesk(
      Database database,
      Webhooks webhooks,
      Deliveries deliveries,
      History history,
      SecretBox box,
      Courier courier,
      Dispatcher dispatcher,
      WebhookEvents events,
      WebhookSettings settings,
      Clock clock) {
    this.database = database;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.history = history;
    this.box = box;
    this.courier = courier;
    this.dispatcher = dispatcher;
    this.events = events;
    this.settings = settings;
    this.clock = clock;
  }

  /** What a new webhook is made of; its secret in clear, null for none. */
  record Wanted(
      WebhookForm form,
      String name,
      String description,
      String url,
      Subscription subscription,
      WebhookStatus status,
      @Nullable String secret) {}

  /** Whether secrets can be kept. */
  boolean keepsSecrets() {
    return box.usable();
  }

  /** Makes a webhook that is told of what happens from now on; empty where there are too many. */
  Optional<Webhook> make(Wanted wanted, Change change) {
    String id =
        wanted.form() == WebhookForm.MLFLOW
            ? UUID.randomUUID().toString()
            : "wh_" + UUID.randomUUID().toString().replace("-", "");
    @Nullable String secret = wanted.secret() == null ? null : box.seal(id, wanted.secret());
    return database.inTransaction(
        tx -> {
          if (webhooks.count(tx) >= settings.most()) {
            return Optional.empty();
          }
          Webhook made =
              webhooks.add(
                  tx,
                  Webhook.made(
                      id,
                      wanted.form(),
                      wanted.name(),
                      wanted.description(),
                      wanted.url(),
                      wanted.subscription(),
                      wanted.status(),
                      secret,
                      history.head(tx),
                      clock.instant()));
          events.created(tx, made, change);
          return Optional.of(made);
        });
  }

  /** Changes a webhook; empty where there is none. What is left as it is, is not stored. */
  Optional<Webhook> change(String id, BiFunction<Tx, Webhook, Webhook> change, Change who) {
    Optional<Webhook> stored =
        database.inTransaction(
            tx ->
                webhooks
                    .locked(tx, id)
                    .map(
                        before -> {
                          Webhook after = change.apply(tx, before);
                          if (after.equals(before)) {
                            return before;
                          }
                          Webhook changed = webhooks.changed(tx, after, clock.instant());
                          events.updated(tx, before, changed, who);
                          return changed;
                        }));
    dispatcher.wake();
    return stored;
  }

  /** The same webhook turned on, for what happens from now on, or off. */
  Webhook turned(Tx tx, Webhook webhook, WebhookStatus status, String reason) {
    return switch (status) {
      case ACTIVE -> webhook.enabled(history.head(tx));
      case DISABLED -> webhook.disabled(reason, clock.instant());
    };
  }

  /** The same webhook with another secret; the one before signs as well for a while. */
  Webhook resigned(Webhook webhook, String secret, Duration overlap) {
    boolean overlapping = webhook.secret() != null && overlap.isPositive();
    return webhook.signedWith(
        box.seal(webhook.id(), secret),
        overlapping ? webhook.secret() : null,
        overlapping ? clock.instant().plus(overlap) : null);
  }

  /** Deletes one and gives up what waits for it; false where there is none. */
  boolean delete(String id, Change change) {
    return database.inTransaction(
        tx -> {
          Optional<Webhook> there = webhooks.locked(tx, id);
          there.ifPresent(
              webhook -> {
                Instant now = clock.instant();
                webhooks.delete(tx, id, now);
                deliveries.giveUp(tx, id, "the webhook was deleted", now);
                events.deleted(tx, webhook, change);
              });
          return there.isPresent();
        });
  }

  /** Brings an example at once, outside the queue; nothing is tried again. */
  Exchange test(Webhook webhook, Message example) {
    return courier.bring(webhook, example.id(), example.body());
  }
}
