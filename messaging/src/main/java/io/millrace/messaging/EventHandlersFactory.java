package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.messaging.Message;

/** Starts the building of {@link EventHandlers}. */
public final class EventHandlersFactory {

  private final RecordDecoder decoder;
  private final MeterRegistry meters;

  EventHandlersFactory(RecordDecoder decoder, MeterRegistry meters) {
    this.decoder = decoder;
    this.meters = meters;
  }

  /**
   * Handlers of one consumer.
   *
   * @param name stable name, for example `deployment.evaluations`: the inbox remembers applied
   *     events under it
   */
  public EventHandlers named(String name) {
    return new EventHandlers(name, decoder, meters);
  }

  /**
   * The function bean of a binding to dead-letter topics. A letter that the handler refuses is
   * logged and left where it is.
   */
  public Consumer<Message<byte[]>> deadLetters(Consumer<ReceivedDeadLetter> handler) {
    return message -> {
      ConsumerRecord<byte[], byte[]> incoming = SourceRecords.of(message);
      TraceContext.of(incoming)
          .run(() -> ReceivedDeadLetter.of(incoming, decoder).ifPresent(handler));
    };
  }
}
