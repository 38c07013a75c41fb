package io.millrace.tracking.webhooks;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.flows.FlowEvent;
import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The queue of deliveries, which is also their log. */
@Component
class Deliveries {

  /** How much of an answer is kept. */
  private static final int SNIPPET = 1024;

  /** A delivery on its way to the queue. */
  record New(Webhook webhook, Message message, FlowEvent event, @Nullable Long replayOf) {}

  /**
   * A delivery that this process attempts.
   *
   * @param attempt which attempt it is, from 1
   * @param lease proves that it is still this process's
   */
  record Claimed(
      long id, String webhookId, String messageId, String body, int attempt, UUID lease) {}

  /** Queues deliveries; one that an event has become before is not queued again. */
  long add(Tx tx, List<New> added) {
    if (added.isEmpty()) {
      return 0;
    }
    return tx.update(
        """
        insert into webhook_deliveries
          (webhook_id, message_id, type, key, event_seq, event_time, body, replay_of)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[],
                             $6::timestamptz[], $7::text[], $8::bigint[])
        on conflict do nothing
        """,
        texts(added, item -> item.webhook().id()),
        texts(added, item -> item.message().id()),
        texts(added, item -> item.message().type()),
        texts(added, item -> item.message().key()),
        added.stream().map(item -> item.event().seq()).toArray(Long[]::new),
        added.stream().map(item -> item.event().time()).toArray(Instant[]::new),
        texts(added, item -> item.message().body()),
        added.stream().map(New::replayOf).toArray(Long[]::new));
  }

  private static String[] texts(
      List<New> added, java.util.function.Function<New, String> property) {
    return added.stream().map(property).toArray(String[]::new);
  }

  /** Up to where the history has become deliveries; whoever asks moves it on, alone. */
  long lockCursor(Tx tx) {
    return tx.query("select seq from webhook_cursor for update", row -> row.int8("seq")).getFirst();
  }

  /** The same without a lock. */
  long cursor(Tx tx) {
    return tx.query("select seq from webhook_cursor", row -> row.int8("seq")).getFirst();
  }

  void moveCursor(Tx tx, long seq) {
    tx.update("update webhook_cursor set seq = $1", seq);
  }

  /**
   * Takes due deliveries of webhooks that this transaction has locked: of each no more than the
   * webhook may have at once, and none whose key has an earlier one that still holds it back.
   */
  List<Claimed> claim(
      Tx tx, List<Webhook> webhooks, WebhookSettings settings, Duration lease, int limit) {
    return tx.query(
        """
        with room as (
          select w.id, w.most - (
              select count(*) from webhook_deliveries f
              where f.webhook_id = w.id and f.leased_until > now()) as free
          from unnest($1::text[], $2::integer[]) as w (id, most)),
        picked as (
          select due.delivery_id from room cross join lateral (
            select d.delivery_id from webhook_deliveries d
            where d.webhook_id = room.id and d.status = 'PENDING' and d.due_at <= now()
              and (d.leased_until is null or d.leased_until <= now())
              and not exists (
                select 1 from webhook_deliveries e
                where e.webhook_id = d.webhook_id and e.key = d.key and e.status = 'PENDING'
                  and e.delivery_id < d.delivery_id
                  and (e.first_attempt_at is null
                       or e.leased_until > now()
                       or e.first_attempt_at > now() - make_interval(secs => $3)))
            order by d.due_at, d.delivery_id
            limit greatest(room.free, 0)) due
          limit $4)
        update webhook_deliveries d
        set lease = gen_random_uuid(), leased_until = now() + make_interval(secs => $5),
            attempts = d.attempts + 1, first_attempt_at = coalesce(d.first_attempt_at, now())
        from picked
        where d.delivery_id = picked.delivery_id and d.status = 'PENDING'
          and (d.leased_until is null or d.leased_until <= now())
        returning d.delivery_id, d.webhook_id, d.message_id, d.body, d.attempts, d.lease
        """,
        row ->
            new Claimed(
                row.int8("delivery_id"),
                row.string("webhook_id"),
                row.string("message_id"),
                row.string("body"),
                row.int4("attempts"),
                row.uuid("lease")),
        webhooks.stream().map(Webhook::id).toArray(String[]::new),
        webhooks.stream()
            .map(webhook -> webhook.doubtful() ? 1 : settings.perWebhook())
            .toArray(Integer[]::new),
        settings.holdBack().toMillis() / 1000.0,
        limit,
        lease.toMillis() / 1000.0);
  }

  /**
   * Writes down an attempt and what follows.
   *
   * @return false where the delivery is no longer this process's: nothing is written
   */
  boolean settle(Tx tx, Claimed claimed, Exchange exchange, Verdict verdict, Instant now) {
    Instant due = verdict instanceof Verdict.Again again ? again.at() : null;
    DeliveryStatus status =
        switch (verdict) {
          case Verdict.Delivered delivered -> DeliveryStatus.DELIVERED;
          case Verdict.Again again -> DeliveryStatus.PENDING;
          case Verdict.GivenUp givenUp -> DeliveryStatus.FAILED;
          case Verdict.Gone gone -> DeliveryStatus.FAILED;
        };
    int latency = (int) Math.min(Integer.MAX_VALUE, exchange.latency().toMillis());
    String snippet = snippet(exchange.body());
    boolean ours =
        tx.update(
                """
                update webhook_deliveries
                set status = $3, due_at = coalesce($4::timestamptz, due_at), lease = null,
                    leased_until = null, response_status = $5::integer, response_body = $6,
                    error = $7::text, latency_ms = $8, ended_at = $9::timestamptz
                where delivery_id = $1 and lease = $2 and status = 'PENDING'
                """,
                claimed.id(),
                claimed.lease(),
                status.name(),
                due,
                exchange.status(),
                snippet,
                exchange.error(),
                latency,
                status == DeliveryStatus.PENDING ? null : now)
            == 1;
    if (ours) {
      tx.update(
          """
          insert into webhook_attempts
            (delivery_id, attempt, at, latency_ms, response_status, response_body, error)
          values ($1, $2, $3, $4, $5::integer, $6, $7::text)
          """,
          claimed.id(),
          claimed.attempt(),
          now,
          latency,
          exchange.status(),
          snippet,
          exchange.error());
    }
    return ours;
  }

  /** Gives everything up that waits for a webhook. */
  void giveUp(Tx tx, String webhookId, String why, Instant now) {
    tx.update(
        """
        update webhook_deliveries
        set status = 'FAILED', error = $2, lease = null, leased_until = null, ended_at = $3
        where webhook_id = $1 and status = 'PENDING'
        """,
        webhookId,
        why,
        now);
  }

  /** Newest first, those with smaller ids than the given one. */
  List<Delivery> list(
      Tx tx, String webhookId, @Nullable DeliveryStatus status, long before, int limit) {
    return tx.query(
        """
        select * from webhook_deliveries
        where webhook_id = $1 and delivery_id < $2 and ($3::text is null or status = $3)
        order by delivery_id desc limit $4
        """,
        Deliveries::delivery,
        webhookId,
        before,
        status == null ? null : status.name(),
        limit);
  }

  Optional<Delivery> find(Tx tx, String webhookId, long id) {
    return tx.queryOne(
        "select * from webhook_deliveries where webhook_id = $1 and delivery_id = $2",
        Deliveries::delivery,
        webhookId,
        id);
  }

  List<Delivery.Attempt> attempts(Tx tx, long id) {
    return tx.query(
        "select * from webhook_attempts where delivery_id = $1 order by attempt",
        row ->
            new Delivery.Attempt(
                row.int4("attempt"),
                row.instant("at"),
                row.int4("latency_ms"),
                row.int4OrNull("response_status"),
                row.string("response_body"),
                row.stringOrNull("error")),
        id);
  }

  String body(Tx tx, long id) {
    return tx.query(
            "select body from webhook_deliveries where delivery_id = $1",
            row -> row.string("body"),
            id)
        .getFirst();
  }

  /** How many wait, counted up to a limit. */
  long pending(Tx tx, String webhookId, int limit) {
    return tx.query(
            """
            select count(*) as n from (
              select 1 from webhook_deliveries
              where webhook_id = $1 and status = 'PENDING' limit $2) as waiting
            """,
            row -> row.int8("n"),
            webhookId,
            limit)
        .getFirst();
  }

  /**
   * Repeats a delivery that has ended. Where a repetition waits already, that is the one.
   *
   * @return id of the repetition
   */
  long repeat(Tx tx, long id) {
    return tx.queryOne(
            """
            select delivery_id from webhook_deliveries
            where replay_of = $1 and status = 'PENDING' order by delivery_id limit 1
            """,
            row -> row.int8("delivery_id"),
            id)
        .orElseGet(
            () ->
                tx.query(
                        """
                        insert into webhook_deliveries
                          (webhook_id, message_id, type, key, event_seq, event_time, body,
                           replay_of)
                        select webhook_id, message_id, type, key, event_seq, event_time, body,
                               delivery_id
                        from webhook_deliveries where delivery_id = $1
                        returning delivery_id
                        """,
                        row -> row.int8("delivery_id"),
                        id)
                    .getFirst());
  }

  /** Lets a waiting delivery be attempted at once. */
  void hasten(Tx tx, long id) {
    tx.update(
        "update webhook_deliveries set due_at = now() where delivery_id = $1 and status = 'PENDING'",
        id);
  }

  /** What became of an event so far: its first delivery, and whether any is done or waits. */
  record Known(long seq, long first, boolean delivered, boolean pending) {}

  /** Of those of the given events that have become deliveries. */
  List<Known> known(Tx tx, String webhookId, List<Long> seqs) {
    return new ArrayList<>(
        tx.query(
            """
            select event_seq, min(delivery_id) as first,
                   bool_or(status = 'DELIVERED') as delivered, bool_or(status = 'PENDING') as pending
            from webhook_deliveries
            where webhook_id = $1 and event_seq = any($2::bigint[])
            group by event_seq
            """,
            row ->
                new Known(
                    row.int8("event_seq"),
                    row.int8("first"),
                    row.bool("delivered"),
                    row.bool("pending")),
            webhookId,
            seqs.toArray(Long[]::new)));
  }

  /** Deletes what ended long ago, at most so many; returns how many. */
  long prune(Tx tx, Duration keep, int limit) {
    return tx.update(
        """
        delete from webhook_deliveries where delivery_id in (
          select delivery_id from webhook_deliveries
          where ended_at < now() - make_interval(secs => $1) limit $2)
        """,
        (double) keep.toSeconds(),
        limit);
  }

  private static String snippet(String body) {
    return body.length() <= SNIPPET
        ? body
        : body.substring(
            0, Character.isHighSurrogate(body.charAt(SNIPPET - 1)) ? SNIPPET - 1 : SNIPPET);
  }

  private static Delivery delivery(Row row) {
    DeliveryStatus status = DeliveryStatus.valueOf(row.string("status"));
    return new Delivery(
        row.int8("delivery_id"),
        row.string("webhook_id"),
        row.string("message_id"),
        row.string("type"),
        row.int8("event_seq"),
        row.instant("event_time"),
        status,
        row.int4("attempts"),
        status == DeliveryStatus.PENDING ? row.instant("due_at") : null,
        row.int4OrNull("response_status"),
        row.stringOrNull("response_body"),
        row.stringOrNull("error"),
        row.int4OrNull("latency_ms"),
        row.int8OrNull("replay_of"),
        row.instant("created_at"),
        row.instantOrNull("ended_at"));
  }
}
