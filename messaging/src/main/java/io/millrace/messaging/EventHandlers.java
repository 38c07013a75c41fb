package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;

/**
 * The handlers of one consumer, by event. Built once and exposed as a function bean that a binding
 * of Spring Cloud Stream feeds. Events without a handler are skipped without being decoded, also
 * those that only a newer release knows, unless {@link #complete} says otherwise.
 */
public final class EventHandlers {

  private final String name;
  private final RecordDecoder decoder;
  private final MeterRegistry meters;
  private final Map<String, EventHandler<SpecificRecord>> handlers = new HashMap<>();
  private @Nullable Consumer<ReceivedTombstone> tombstones;
  private boolean complete;

  EventHandlers(String name, RecordDecoder decoder, MeterRegistry meters) {
    this.name = name;
    this.decoder = decoder;
    this.meters = meters;
  }

  /** Adds the handler of one event. */
  public <T extends SpecificRecord> EventHandlers on(Class<T> type, EventHandler<T> handler) {
    @SuppressWarnings("unchecked") // The decoder makes exactly the class of the schema's name.
    EventHandler<SpecificRecord> any = (EventHandler<SpecificRecord>) (EventHandler<?>) handler;
    if (handlers.put(SpecificData.get().getSchema(type).getFullName(), any) != null) {
      throw new IllegalArgumentException(name + " has two handlers of " + type.getSimpleName());
    }
    return this;
  }

  /** Adds the handler of keys that are removed from a compacted topic. */
  public EventHandlers onTombstone(Consumer<ReceivedTombstone> handler) {
    this.tombstones = handler;
    return this;
  }

  /**
   * Nothing is to be missed: an event that only a newer release knows is put aside, to be read when
   * this one is as new.
   */
  public EventHandlers complete() {
    this.complete = true;
    return this;
  }

  /** The function bean. */
  public Consumer<Message<byte[]>> build() {
    return message -> accept(SourceRecords.of(message));
  }

  /** Applies one record as the binding would. */
  public void accept(ConsumerRecord<byte[], byte[]> incoming) {
    TraceContext.of(incoming)
        .run(() -> ScopedValue.where(CurrentConsumer.NAME, name).run(() -> dispatch(incoming)));
  }

  private void dispatch(ConsumerRecord<byte[], byte[]> incoming) {
    if (incoming.value() == null) {
      if (tombstones != null) {
        tombstones.accept(decoder.tombstone(incoming));
      }
      return;
    }
    Optional<String> said =
        decoder.nameOf(incoming).or(() -> complete ? Optional.empty() : decoder.namedNew(incoming));
    if (said.isPresent() && !handlers.containsKey(said.get())) {
      return;
    }
    ReceivedEvent<SpecificRecord> event = decoder.decode(incoming);
    EventHandler<SpecificRecord> handler = handlers.get(event.payload().getSchema().getFullName());
    if (handler == null) {
      return;
    }
    Timer.Sample sample = Timer.start(meters);
    String outcome = "failed";
    try {
      handler.handle(event);
      outcome = "handled";
    } catch (RuntimeException failure) {
      throw failure;
    } catch (Exception failure) {
      throw new HandlerException(failure);
    } finally {
      sample.stop(
          meters.timer(
              "millrace.events.handled",
              "consumer",
              name,
              "type",
              event.type(),
              "outcome",
              outcome));
    }
  }

  /** Carries a handler's checked exception to the container. */
  static final class HandlerException extends RuntimeException {
    HandlerException(Exception cause) {
      super(cause.toString(), cause);
    }
  }
}
