package io.millrace.messaging;

import io.millrace.database.ArrayParameter;
import io.millrace.database.Tx;
import io.millrace.schemas.Topic;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Stores outgoing events in the transaction of the state change; the relay publishes them after the
 * commit, at least once, and in order per key.
 *
 * <p>Order: an append takes a transaction-level advisory lock on the bucket of its topic and key
 * before its sequence number is drawn, and PostgreSQL gives the lock back only after the commit is
 * visible. So where a row of a key is visible, every earlier row of that key is visible, published
 * or rolled back; the relay may take what it sees in the order of the numbers, and a transaction
 * that commits late only delays its own keys. Two transactions that append to the same keys in
 * opposite order end in a deadlock, which {@link io.millrace.database.Database#inTransaction}
 * resolves by running one again.
 */
public final class Outbox {

  /** Largest encoded event; the platform's own stay far below 64 KiB. */
  private static final int LARGEST_EVENT = 900 * 1024;

  /** Bounds the locks of one transaction, whatever the number of keys. */
  private static final int BUCKETS = 1024;

  /** The buckets are locked in their order, so that two appends of several keys do not deadlock. */
  private static final String APPEND =
      """
      with gate as materialized (
        select pg_advisory_xact_lock(hashtext(current_schema()), bucket::int)
        from (select distinct bucket from unnest($2::bigint[]) as b (bucket) order by bucket) as b)
      insert into outbox (id, topic, key, headers, payload)
      select e.id::uuid, $1::text, e.key, e.headers::text[], e.payload
      from (select count(*) from gate) as opened,
        unnest($3::text[], $4::text[], $5::text[], $6::bytea[]) with ordinality
          as e (id, key, headers, payload, no)
      order by e.no
      """;

  private final EventCodec codec;
  private final ServiceName service;
  private final Relay relay;

  Outbox(EventCodec codec, ServiceName service, Relay relay) {
    this.codec = codec;
    this.service = service;
    this.relay = relay;
  }

  /** Appends an event with a new id. */
  public void append(
      Tx tx, Topic topic, String key, SpecificRecord payload, @Nullable String flowId) {
    append(tx, topic, key, payload, flowId, EventIds.next());
  }

  /** Appends an event whose id the caller has made, for example to be able to repeat it. */
  public void append(
      Tx tx, Topic topic, String key, SpecificRecord payload, @Nullable String flowId, UUID id) {
    store(tx, topic, List.of(encoded(topic, key, payload, flowId, id)));
    tx.afterCommit(relay::appended);
  }

  /**
   * Appends an event that comes by the thousand and that nobody waits for. It leaves with the next
   * one that does wake the relay, at the latest with the relay's next look at the outbox, together
   * with all that came meanwhile; order per key holds as ever.
   */
  public void appendUnhurried(
      Tx tx, Topic topic, String key, SpecificRecord payload, @Nullable String flowId) {
    store(tx, topic, List.of(encoded(topic, key, payload, flowId, EventIds.next())));
  }

  /** An event to be appended with others. */
  public record Keyed(String key, SpecificRecord payload, @Nullable String flowId) {}

  /** Appends events in their order, in one statement. */
  public void appendAll(Tx tx, Topic topic, List<Keyed> events) {
    if (!events.isEmpty()) {
      store(
          tx,
          topic,
          events.stream()
              .map(e -> encoded(topic, e.key(), e.payload(), e.flowId(), EventIds.next()))
              .toList());
      tx.afterCommit(relay::appended);
    }
  }

  /** Appends the removal of a key from a compacted topic. */
  public void appendTombstone(Tx tx, Topic topic, String key, @Nullable String flowId) {
    if (!topic.compacted()) {
      throw new IllegalArgumentException(topic.name() + " is not compacted: it has no tombstones");
    }
    UUID id = EventIds.next();
    store(
        tx,
        topic,
        List.of(
            new Encoded(
                id,
                key,
                EventHeaders.of(id.toString(), service.source(), key, flowId, null, 0),
                null)));
    tx.afterCommit(relay::appended);
  }

  /** An event as the outbox has it. */
  private record Encoded(
      UUID id, String key, Map<String, String> headers, byte @Nullable [] payload) {

    /** As a literal of {@code text[]}. */
    String pairs() {
      StringJoiner literal = new StringJoiner(",", "{", "}");
      headers.forEach((name, value) -> literal.add(quoted(name)).add(quoted(value)));
      return literal.toString();
    }

    private static String quoted(String text) {
      return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
  }

  private Encoded encoded(
      Topic topic, String key, SpecificRecord payload, @Nullable String flowId, UUID id) {
    if (!topic.schemas().contains(payload.getSchema())) {
      throw new IllegalArgumentException(
          payload.getSchema().getName() + " is not an event of topic " + topic.name());
    }
    byte[] bytes = codec.encode(payload);
    if (bytes.length > LARGEST_EVENT) {
      throw new IllegalArgumentException(
          payload.getSchema().getName()
              + " of key "
              + key
              + " has "
              + bytes.length
              + " bytes, more than "
              + LARGEST_EVENT
              + ": publish a reference to stored bytes instead.");
    }
    Map<String, String> headers =
        EventHeaders.of(
            id.toString(), service.source(), key, flowId, payload, codec.schemaId(payload));
    return new Encoded(id, key, headers, bytes);
  }

  private static void store(Tx tx, Topic topic, List<Encoded> events) {
    ArrayParameter buckets = ArrayParameter.int8s(events.size());
    ArrayParameter ids = ArrayParameter.texts(events.size());
    ArrayParameter keys = ArrayParameter.texts(events.size());
    ArrayParameter headers = ArrayParameter.texts(events.size());
    ArrayParameter payloads = ArrayParameter.byteas(events.size());
    for (Encoded event : events) {
      buckets.add(Math.floorMod((topic.name() + '\0' + event.key()).hashCode(), BUCKETS));
      ids.add(event.id().toString());
      keys.add(event.key());
      headers.add(event.pairs());
      payloads.add(event.payload());
    }
    tx.update(APPEND, topic.name(), buckets, ids, keys, headers, payloads);
  }
}
