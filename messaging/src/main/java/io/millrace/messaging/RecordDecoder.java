package io.millrace.messaging;

import io.millrace.schemas.RegisteredSchema;
import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Kafka records as events. */
final class RecordDecoder {

  private static final String NAMESPACE = "io.millrace.events.";

  private final EventCodec codec;

  RecordDecoder(EventCodec codec) {
    this.codec = codec;
  }

  EventCodec codec() {
    return codec;
  }

  /**
   * Full name of the event in a record, found without decoding it; empty where only decoding can
   * tell, or tell what is wrong.
   */
  Optional<String> nameOf(ConsumerRecord<byte[], byte[]> incoming) {
    byte[] value = incoming.value();
    return value.length >= 5 && value[0] == 0
        ? codec.catalogue().byId(ByteBuffer.wrap(value).getInt(1)).map(RegisteredSchema::record)
        : Optional.empty();
  }

  /**
   * Full name of a fact in a schema that is not known here, as its sender says; empty for any other
   * record.
   */
  Optional<String> namedNew(ConsumerRecord<byte[], byte[]> incoming) {
    byte[] value = incoming.value();
    String type = EventHeaders.text(incoming.headers(), EventHeaders.TYPE);
    boolean fact =
        Topics.byName(incoming.topic())
            .filter(topic -> topic.kind() == Topic.Kind.FACT)
            .isPresent();
    return fact
            && value.length >= 5
            && value[0] == 0
            && codec.catalogue().byId(ByteBuffer.wrap(value).getInt(1)).isEmpty()
            && type != null
            && type.startsWith(EventHeaders.TYPE_PREFIX)
        ? Optional.of(NAMESPACE + type.substring(EventHeaders.TYPE_PREFIX.length()))
        : Optional.empty();
  }

  /** The event of a record that is not a tombstone. */
  ReceivedEvent<SpecificRecord> decode(ConsumerRecord<byte[], byte[]> incoming) {
    String id = EventHeaders.text(incoming.headers(), EventHeaders.ID);
    String source = EventHeaders.text(incoming.headers(), EventHeaders.SOURCE);
    return new ReceivedEvent<>(
        payload(incoming),
        id == null || id.isEmpty() ? position(incoming) : id,
        source == null || source.isEmpty() ? "kafka:" + incoming.topic() : source,
        key(incoming),
        EventHeaders.text(incoming.headers(), EventHeaders.FLOW_ID),
        time(incoming),
        incoming.topic(),
        incoming.partition(),
        incoming.offset());
  }

  ReceivedTombstone tombstone(ConsumerRecord<byte[], byte[]> incoming) {
    String id = EventHeaders.text(incoming.headers(), EventHeaders.ID);
    return new ReceivedTombstone(
        id == null ? position(incoming) : id,
        key(incoming),
        EventHeaders.text(incoming.headers(), EventHeaders.FLOW_ID),
        time(incoming),
        incoming.topic(),
        incoming.partition(),
        incoming.offset());
  }

  private SpecificRecord payload(ConsumerRecord<byte[], byte[]> incoming) {
    byte[] value = incoming.value();
    Optional<Topic> command =
        Topics.byName(incoming.topic()).filter(topic -> topic.kind() == Topic.Kind.COMMAND);
    if (command.isPresent() && value.length > Topics.LARGEST_COMMAND) {
      throw new TerminalFailure(
          "too-large",
          "The record has %d bytes; on %s at most %d are read."
              .formatted(value.length, incoming.topic(), Topics.LARGEST_COMMAND));
    }
    if (command.isPresent() && json(incoming)) {
      return codec.fromJson(
          type(command.get(), incoming), new String(value, StandardCharsets.UTF_8));
    }
    return codec.decode(value);
  }

  private static boolean json(ConsumerRecord<byte[], byte[]> incoming) {
    String type = EventHeaders.text(incoming.headers(), EventHeaders.CONTENT_TYPE);
    if (type != null && type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      return true;
    }
    for (byte b : incoming.value()) {
      if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
        return b == '{';
      }
    }
    return false;
  }

  private static Class<? extends SpecificRecord> type(
      Topic topic, ConsumerRecord<byte[], byte[]> incoming) {
    String given = EventHeaders.text(incoming.headers(), EventHeaders.TYPE);
    Schema schema =
        topic.schemas().stream()
            .filter(known -> (EventHeaders.TYPE_PREFIX + known.getName()).equals(given))
            .findFirst()
            .orElse(topic.schemas().getFirst());
    Class<?> type = SpecificData.get().getClass(schema);
    return type.asSubclass(SpecificRecord.class);
  }

  private static String position(ConsumerRecord<?, ?> incoming) {
    return incoming.topic() + "-" + incoming.partition() + "-" + incoming.offset();
  }

  static String key(ConsumerRecord<byte[], byte[]> incoming) {
    byte @Nullable [] key = incoming.key();
    return key == null ? "" : new String(key, StandardCharsets.UTF_8);
  }

  private static Instant time(ConsumerRecord<?, ?> incoming) {
    String given = EventHeaders.text(incoming.headers(), EventHeaders.TIME);
    if (given != null) {
      try {
        return Instant.parse(given);
      } catch (DateTimeException notATime) {
        // The broker's time stands in for a time that cannot be read.
      }
    }
    return Instant.ofEpochMilli(incoming.timestamp());
  }
}
