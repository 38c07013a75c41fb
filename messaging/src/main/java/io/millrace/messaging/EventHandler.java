package io.millrace.messaging;

import org.apache.avro.specific.SpecificRecord;

/**
 * Applies one event. Called in order per key, on one thread per binding; an exception decides what
 * happens next, see {@link TerminalFailure} and {@link RetryableFailure}.
 */
@FunctionalInterface
public interface EventHandler<T extends SpecificRecord> {
  void handle(ReceivedEvent<T> event) throws Exception;
}
