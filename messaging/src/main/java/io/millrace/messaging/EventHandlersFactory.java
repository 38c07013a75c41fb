package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;

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
}
