package io.millrace.messaging;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.schemas.Topic;
import org.apache.avro.specific.SpecificRecord;

/** Starts workers on job topics, as members of Kafka share groups. */
public final class WorkQueues {

  private final KafkaClients clients;
  private final RecordDecoder decoder;
  private final DeadLetterWriter deadLetters;
  private final WorkSettings settings;
  private final MeterRegistry meters;

  WorkQueues(
      KafkaClients clients,
      RecordDecoder decoder,
      DeadLetterWriter deadLetters,
      WorkSettings settings,
      MeterRegistry meters) {
    this.clients = clients;
    this.decoder = decoder;
    this.deadLetters = deadLetters;
    this.settings = settings;
    this.meters = meters;
  }

  /**
   * A queue to expose as a bean: it starts and stops with the application. Jobs at once:
   * `millrace.work.concurrency`.
   *
   * @param group share group; all workers of one kind use the same
   */
  public <T extends SpecificRecord> WorkQueue listen(
      Topic topic, String group, Class<T> type, WorkHandler<T> handler) {
    return listen(topic, group, type, handler, settings.concurrency());
  }

  /** The same with an explicit number of jobs at once. */
  public <T extends SpecificRecord> WorkQueue listen(
      Topic topic, String group, Class<T> type, WorkHandler<T> handler, int concurrency) {
    return new WorkQueue(
        topic.name(),
        group,
        new JobRunner<>(type, handler, decoder, deadLetters, settings, group, meters),
        clients,
        settings,
        concurrency);
  }
}
