package io.millrace.messaging;

import io.millrace.schemas.Topics;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter as a consumer of dead-letter topics sees it.
 *
 * @param letter why and where from
 * @param commandId identity of the record where its body names none: the CloudEvents id, else the
 *     key, else the original `topic-partition-offset`
 * @param flowId the request it belongs to, if a header says so
 * @param payload the event, where it can be read; null where that is why it was put aside
 */
public record ReceivedDeadLetter(
    DeadLetter letter,
    String commandId,
    @Nullable String flowId,
    @Nullable SpecificRecord payload) {

  /** Reads a record of a dead-letter topic; empty for the mark of a replay. */
  static Optional<ReceivedDeadLetter> of(
      ConsumerRecord<byte[], byte[]> incoming, RecordDecoder decoder) {
    if (DeadLetters.isMarker(incoming)) {
      return Optional.empty();
    }
    DeadLetter letter = DeadLetters.letter(incoming, false);
    String position =
        letter.originalTopic() + "-" + letter.originalPartition() + "-" + letter.originalOffset();
    String id = EventHeaders.text(incoming.headers(), EventHeaders.ID);
    String commandId =
        id != null && !id.isEmpty() ? id : letter.key().isEmpty() ? position : letter.key();
    return Optional.of(
        new ReceivedDeadLetter(
            letter,
            commandId,
            EventHeaders.text(incoming.headers(), EventHeaders.FLOW_ID),
            payload(incoming, letter, decoder)));
  }

  private static @Nullable SpecificRecord payload(
      ConsumerRecord<byte[], byte[]> incoming, DeadLetter letter, RecordDecoder decoder) {
    if (incoming.value() == null || Topics.byName(letter.originalTopic()).isEmpty()) {
      return null;
    }
    ConsumerRecord<byte[], byte[]> original =
        new ConsumerRecord<>(
            letter.originalTopic(),
            Math.max(0, letter.originalPartition()),
            Math.max(0, letter.originalOffset()),
            incoming.timestamp(),
            incoming.timestampType(),
            0,
            0,
            incoming.key(),
            incoming.value(),
            new RecordHeaders(incoming.headers()),
            Optional.empty());
    try {
      return decoder.decode(original).payload();
    } catch (TerminalFailure unreadable) {
      return null;
    }
  }
}
