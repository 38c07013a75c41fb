package io.millrace.messaging;

import java.time.Instant;

/**
 * A record that no handler could process.
 *
 * @param topic dead-letter topic, `<original topic>.dlt`
 * @param partition partition of the dead letter
 * @param offset offset of the dead letter
 * @param originalTopic topic it came from
 * @param originalPartition partition it came from
 * @param originalOffset offset it had there
 * @param consumer group that could not process it
 * @param reason stable code, for example `undecodable`
 * @param message what was wrong
 * @param attempts attempts or deliveries before it was put aside
 * @param time when it was put aside
 * @param key record key, empty where there is none
 * @param replayed true once it was published to its topic again
 */
public record DeadLetter(
    String topic,
    int partition,
    long offset,
    String originalTopic,
    int originalPartition,
    long originalOffset,
    String consumer,
    String reason,
    String message,
    int attempts,
    Instant time,
    String key,
    boolean replayed) {}
