package io.millrace.messaging;

import io.millrace.database.Tx;

/**
 * Remembers, in the handler's transaction, which events a consumer has applied, so that an event
 * that is delivered again has no effect again.
 */
public final class Inbox {

  private final ServiceName service;

  Inbox(ServiceName service) {
    this.service = service;
  }

  /**
   * Marks the event as applied by the consumer that runs on this thread.
   *
   * @return false where it was applied before: the handler must leave everything as it is
   */
  public boolean firstTime(Tx tx, ReceivedEvent<?> event) {
    String consumer = CurrentConsumer.NAME.isBound() ? CurrentConsumer.NAME.get() : service.value();
    return tx.update(
            """
            insert into inbox (consumer, source, event_id) values ($1, $2, $3)
            on conflict do nothing
            """,
            consumer,
            event.source(),
            event.id())
        == 1;
  }
}
