package io.millrace.messaging;

import java.lang.reflect.Type;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.support.converter.RecordMessageConverter;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.GenericMessage;

/**
 * Hands the Kafka record through the binding as it is, without mapping its headers to Spring's and
 * back.
 */
final class SourceRecords implements RecordMessageConverter {

  private static final String HEADER = "millrace_record";
  private static final byte[] TOMBSTONE = new byte[0];

  static ConsumerRecord<byte[], byte[]> of(Message<byte[]> message) {
    Object incoming = message.getHeaders().get(HEADER);
    if (incoming == null) {
      throw new IllegalStateException(
          "The message does not come from a Millrace binding: header " + HEADER + " is missing.");
    }
    @SuppressWarnings("unchecked")
    ConsumerRecord<byte[], byte[]> bytes = (ConsumerRecord<byte[], byte[]>) incoming;
    return bytes;
  }

  @Override
  public Message<?> toMessage(
      ConsumerRecord<?, ?> incoming,
      @Nullable Object acknowledgment,
      @Nullable Object consumer,
      @Nullable Type payloadType) {
    Object payload = incoming.value() == null ? TOMBSTONE : incoming.value();
    return new GenericMessage<>(payload, java.util.Map.of(HEADER, incoming));
  }

  @Override
  public ProducerRecord<?, ?> fromMessage(Message<?> message, @Nullable String defaultTopic) {
    throw new UnsupportedOperationException("Events leave through Outbox or EventPublisher.");
  }
}
