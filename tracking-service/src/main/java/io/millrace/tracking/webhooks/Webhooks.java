package io.millrace.tracking.webhooks;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of webhooks. */
@Component
class Webhooks {

  /** Adds a webhook; returns it with its number. */
  Webhook add(Tx tx, Webhook webhook) {
    tx.update(
        """
        insert into webhooks (webhook_id, form, name, description, url, types, models, pipelines,
                              flows, status, disabled_reason, disabled_at, secret, after_seq,
                              created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text, $12::timestamptz, $13::text,
                $14, $15, $15)
        """,
        webhook.id(),
        webhook.form().name(),
        webhook.name(),
        webhook.description(),
        webhook.url(),
        array(webhook.subscription().types()),
        array(webhook.subscription().models()),
        array(webhook.subscription().pipelines()),
        array(webhook.subscription().flows()),
        webhook.status().name(),
        webhook.disabledReason(),
        webhook.disabledAt(),
        webhook.secret(),
        webhook.after(),
        webhook.createdAt());
    return find(tx, webhook.id()).orElseThrow();
  }

  /** How many there are. */
  long count(Tx tx) {
    return tx.query(
            "select count(*) as n from webhooks where deleted_at is null", row -> row.int8("n"))
        .getFirst();
  }

  Optional<Webhook> find(Tx tx, String id) {
    return tx.queryOne(
        "select * from webhooks where webhook_id = $1 and deleted_at is null",
        Webhooks::webhook,
        id);
  }

  /** Finds one that nobody else changes until the transaction ends. */
  Optional<Webhook> locked(Tx tx, String id) {
    return tx.queryOne(
        "select * from webhooks where webhook_id = $1 and deleted_at is null for no key update",
        Webhooks::webhook,
        id);
  }

  /** Newest first, those with smaller numbers than the given one. */
  List<Webhook> list(Tx tx, @Nullable WebhookForm form, long before, int limit) {
    return tx.query(
        """
        select * from webhooks
        where deleted_at is null and number < $1 and ($2::text is null or form = $2)
        order by number desc limit $3
        """,
        Webhooks::webhook,
        before,
        form == null ? null : form.name(),
        limit);
  }

  /** Those that are told of events. */
  List<Webhook> active(Tx tx) {
    return tx.query(
        "select * from webhooks where deleted_at is null and status = 'ACTIVE' order by number",
        Webhooks::webhook);
  }

  /** Stores what a person has changed. */
  Webhook changed(Tx tx, Webhook webhook, Instant now) {
    save(tx, webhook);
    tx.update("update webhooks set updated_at = $2 where webhook_id = $1", webhook.id(), now);
    return find(tx, webhook.id()).orElseThrow();
  }

  /** Stores a state. */
  void save(Tx tx, Webhook webhook) {
    tx.update(
        """
        update webhooks set
          name = $2, description = $3, url = $4, types = $5, models = $6, pipelines = $7,
          flows = $8, status = $9, disabled_reason = $10::text, disabled_at = $11::timestamptz,
          secret = $12::text, previous_secret = $13::text, previous_until = $14::timestamptz,
          failures = $15, failing_since = $16::timestamptz, paused_until = $17::timestamptz,
          after_seq = $18
        where webhook_id = $1
        """,
        webhook.id(),
        webhook.name(),
        webhook.description(),
        webhook.url(),
        array(webhook.subscription().types()),
        array(webhook.subscription().models()),
        array(webhook.subscription().pipelines()),
        array(webhook.subscription().flows()),
        webhook.status().name(),
        webhook.disabledReason(),
        webhook.disabledAt(),
        webhook.secret(),
        webhook.previousSecret(),
        webhook.previousUntil(),
        webhook.failures(),
        webhook.failingSince(),
        webhook.pausedUntil(),
        webhook.after());
  }

  /** Deletes one with its secrets; its log stays until it is pruned. */
  void delete(Tx tx, String id, Instant now) {
    tx.update(
        """
        update webhooks set deleted_at = $2, secret = null, previous_secret = null
        where webhook_id = $1
        """,
        id,
        now);
  }

  /** Forgets those deleted long ago of which no delivery is left. */
  void prune(Tx tx, Duration keep) {
    tx.update(
        """
        delete from webhooks w
        where w.deleted_at < now() - make_interval(secs => $1)
          and not exists (select 1 from webhook_deliveries d where d.webhook_id = w.webhook_id)
        """,
        (double) keep.toSeconds());
  }

  /**
   * Those that may be called and have a delivery that is due, in no order, locked: what another
   * replica holds is left to it.
   */
  List<Webhook> withDue(Tx tx, int limit) {
    return tx.query(
        """
        select * from webhooks w
        where w.status = 'ACTIVE' and w.deleted_at is null
          and (w.paused_until is null or w.paused_until <= now())
          and exists (
            select 1 from webhook_deliveries d
            where d.webhook_id = w.webhook_id and d.status = 'PENDING' and d.due_at <= now()
              and (d.leased_until is null or d.leased_until <= now()))
        order by random() limit $1
        for no key update of w skip locked
        """,
        Webhooks::webhook,
        limit);
  }

  private static String[] array(List<String> texts) {
    return texts.toArray(String[]::new);
  }

  private static Webhook webhook(Row row) {
    return new Webhook(
        row.string("webhook_id"),
        row.int8("number"),
        WebhookForm.valueOf(row.string("form")),
        row.string("name"),
        row.string("description"),
        row.string("url"),
        new Subscription(
            List.of(row.array("types", String[].class)),
            List.of(row.array("models", String[].class)),
            List.of(row.array("pipelines", String[].class)),
            List.of(row.array("flows", String[].class))),
        WebhookStatus.valueOf(row.string("status")),
        row.stringOrNull("disabled_reason"),
        row.instantOrNull("disabled_at"),
        row.stringOrNull("secret"),
        row.stringOrNull("previous_secret"),
        row.instantOrNull("previous_until"),
        row.int4("failures"),
        row.instantOrNull("failing_since"),
        row.instantOrNull("paused_until"),
        row.int8("after_seq"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}
