package io.millrace.messaging;

import org.apache.avro.specific.SpecificRecord;

/**
 * Does one job, on a virtual thread of its own. Returning means done; {@link RetryableFailure}
 * gives the job back; {@link TerminalFailure} dead-letters it; any other exception gives it back
 * until it has been delivered too often.
 */
@FunctionalInterface
public interface WorkHandler<T extends SpecificRecord> {
  void work(ReceivedEvent<T> event, Delivery delivery) throws Exception;
}
