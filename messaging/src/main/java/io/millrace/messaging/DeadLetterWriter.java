package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a record that no handler could process on `topic.dlt`: key, value and headers as they were,
 * and why. Returns only when Kafka has it; otherwise the record stays where it is.
 */
public final class DeadLetterWriter {

  static final String PREFIX = "millrace-dlt-";
  static final String REASON = PREFIX + "reason";
  static final String MESSAGE = PREFIX + "message";
  static final String TOPIC = PREFIX + "original-topic";
  static final String PARTITION = PREFIX + "original-partition";
  static final String OFFSET = PREFIX + "original-offset";
  static final String CONSUMER = PREFIX + "consumer";
  static final String TIME = PREFIX + "time";
  static final String ATTEMPTS = PREFIX + "attempts";
  static final String VALUE_OMITTED = PREFIX + "value-omitted";

  private static final Set<String> IDENTITY =
      Set.of(EventHeaders.ID, EventHeaders.FLOW_ID, TraceContext.HEADER);
  private static final int LONGEST_IDENTITY = 1024;

  private static final Logger log = LoggerFactory.getLogger(DeadLetterWriter.class);

  private final EventPublisher publisher;
  private final MeterRegistry meters;
  private final AtomicLong failures = new AtomicLong();

  DeadLetterWriter(EventPublisher publisher, MeterRegistry meters) {
    this.publisher = publisher;
    this.meters = meters;
  }

  /** How often Kafka did not take a letter. */
  long failures() {
    return failures.get();
  }

  /**
   * Writes one record, for a consumer that reads its topic itself.
   *
   * @param consumer who could not process it
   * @param attempts how often it was tried
   * @param reason stable code
   * @param message why, in words
   * @throws IllegalStateException where Kafka does not take it now; the caller must not go on
   */
  public void write(
      ConsumerRecord<byte[], byte[]> incoming,
      String consumer,
      int attempts,
      String reason,
      String message) {
    if (incoming.topic().endsWith(Topics.DEAD_LETTER_SUFFIX)) {
      log.error(
          "{} cannot process dead letter {}-{}-{} and leaves it where it is: {}: {}",
          consumer,
          incoming.topic(),
          incoming.partition(),
          incoming.offset(),
          reason,
          message);
      return;
    }
    try {
      sendWhatFits(incoming, consumer, attempts, reason, message);
    } catch (ExecutionException | TimeoutException refused) {
      failures.incrementAndGet();
      throw new IllegalStateException(
          "Cannot write the dead letter of "
              + incoming.topic()
              + "-"
              + incoming.partition()
              + "-"
              + incoming.offset()
              + "; it is tried again",
          refused);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while writing a dead letter", interrupted);
    }
    meters
        .counter(
            "millrace.dead.letters",
            "topic",
            incoming.topic(),
            "consumer",
            consumer,
            "reason",
            reason)
        .increment();
    log.warn(
        "Dead letter: {}-{}-{} of {} after {} attempts: {}: {}",
        incoming.topic(),
        incoming.partition(),
        incoming.offset(),
        consumer,
        attempts,
        reason,
        message);
  }

  /** First without the value, then without a long key and all headers that do not identify it. */
  private void sendWhatFits(
      ConsumerRecord<byte[], byte[]> incoming,
      String consumer,
      int attempts,
      String reason,
      String message)
      throws InterruptedException, ExecutionException, TimeoutException {
    for (Kept kept : Kept.values()) {
      try {
        send(incoming, kept, consumer, attempts, reason, message);
        return;
      } catch (ExecutionException refused) {
        if (!(refused.getCause() instanceof RecordTooLargeException) || kept == Kept.IDENTITY) {
          throw refused;
        }
      }
    }
  }

  /** What a letter keeps of its record. */
  private enum Kept {
    ALL,
    KEY_AND_HEADERS,
    IDENTITY
  }

  private void send(
      ConsumerRecord<byte[], byte[]> incoming,
      Kept kept,
      String consumer,
      int attempts,
      String reason,
      String message)
      throws InterruptedException, ExecutionException, TimeoutException {
    byte @Nullable [] key = incoming.key();
    byte @Nullable [] value = kept == Kept.ALL ? incoming.value() : null;
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(
            incoming.topic() + Topics.DEAD_LETTER_SUFFIX,
            kept == Kept.IDENTITY && !fits(key) ? null : key,
            value);
    for (Header header : incoming.headers()) {
      if (kept == Kept.IDENTITY
          ? IDENTITY.contains(header.key()) && fits(header.value())
          : !header.key().startsWith(PREFIX)) {
        letter.headers().add(header);
      }
    }
    put(letter, REASON, reason);
    put(letter, MESSAGE, message);
    put(letter, TOPIC, incoming.topic());
    put(letter, PARTITION, Integer.toString(incoming.partition()));
    put(letter, OFFSET, Long.toString(incoming.offset()));
    put(letter, CONSUMER, consumer);
    put(letter, TIME, Instant.now().toString());
    put(letter, ATTEMPTS, Integer.toString(attempts));
    if (value == null && incoming.value() != null) {
      put(letter, VALUE_OMITTED, Integer.toString(incoming.value().length));
    }
    publisher.send(letter).get(30, TimeUnit.SECONDS);
  }

  private static boolean fits(byte @Nullable [] part) {
    return part == null || part.length <= LONGEST_IDENTITY;
  }

  private static void put(ProducerRecord<byte[], byte[]> letter, String name, String value) {
    EventHeaders.put(letter.headers(), name, value);
  }
}
