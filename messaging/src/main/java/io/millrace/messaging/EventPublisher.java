package io.millrace.messaging;

import io.millrace.schemas.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Publishes events straight to Kafka, for services without a database. A service that changes state
 * uses the {@link Outbox}. Safe for many threads; the connection is made by the first event. A call
 * returns at once while the broker can be reached, else it may block up to
 * `millrace.kafka.publisher-max-block`.
 */
public final class EventPublisher implements AutoCloseable {

  private final KafkaClients clients;
  private final EventCodec codec;
  private final ServiceName service;
  private @Nullable KafkaProducer<byte[], byte[]> producer;
  private boolean closed;

  EventPublisher(KafkaClients clients, EventCodec codec, ServiceName service) {
    this.clients = clients;
    this.codec = codec;
    this.service = service;
  }

  /** A publisher outside Spring, for programs such as the command line. */
  public static EventPublisher connect(String bootstrapServers, String name) {
    return connect(KafkaSettings.of(bootstrapServers), name);
  }

  /** The same with settings of its own. */
  public static EventPublisher connect(KafkaSettings settings, String name) {
    ServiceName service = new ServiceName(name);
    KafkaClients clients = new KafkaClients(settings, service);
    return new EventPublisher(clients, new EventCodec(), service);
  }

  /** Publishes with a new id; a null payload removes the key from a compacted topic. */
  public CompletableFuture<PublishedAt> publish(
      Topic topic, String key, @Nullable SpecificRecord payload, @Nullable String flowId) {
    return publish(topic, key, payload, flowId, EventIds.next());
  }

  /**
   * Publishes with the given id.
   *
   * @return completes when all in-sync replicas have the record, or with Kafka's exception
   */
  public CompletableFuture<PublishedAt> publish(
      Topic topic, String key, @Nullable SpecificRecord payload, @Nullable String flowId, UUID id) {
    if (payload != null && !topic.schemas().contains(payload.getSchema())) {
      throw new IllegalArgumentException(
          payload.getSchema().getName() + " is not an event of topic " + topic.name());
    }
    ProducerRecord<byte[], byte[]> outgoing =
        new ProducerRecord<>(
            topic.name(),
            key.getBytes(StandardCharsets.UTF_8),
            payload == null ? null : codec.encode(payload));
    EventHeaders.of(
            id.toString(),
            service.source(),
            key,
            flowId,
            payload,
            payload == null ? 0 : codec.schemaId(payload))
        .forEach((name, value) -> EventHeaders.put(outgoing.headers(), name, value));
    return send(outgoing);
  }

  CompletableFuture<PublishedAt> send(ProducerRecord<byte[], byte[]> outgoing) {
    CompletableFuture<PublishedAt> published = new CompletableFuture<>();
    try {
      producer()
          .send(
              outgoing,
              (metadata, failure) -> {
                if (failure != null) {
                  published.completeExceptionally(failure);
                } else {
                  published.complete(
                      new PublishedAt(
                          metadata.topic(),
                          metadata.partition(),
                          metadata.offset(),
                          Instant.ofEpochMilli(metadata.timestamp())));
                }
              });
    } catch (KafkaException | IllegalStateException refused) {
      published.completeExceptionally(refused);
    }
    return published;
  }

  private synchronized KafkaProducer<byte[], byte[]> producer() {
    if (closed) {
      throw new IllegalStateException("The publisher of " + service.value() + " is closed.");
    }
    if (producer == null) {
      producer =
          clients.producer(
              "publisher",
              Map.of(
                  ProducerConfig.MAX_BLOCK_MS_CONFIG,
                  clients.publisherMaxBlock().toMillis(),
                  ProducerConfig.BUFFER_MEMORY_CONFIG,
                  16L << 20));
    }
    return producer;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (producer != null) {
      producer.close(Duration.ofSeconds(5));
      producer = null;
    }
  }
}
