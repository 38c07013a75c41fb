package io.millrace.messaging;

import java.time.Instant;

/** Where a record landed, once all in-sync replicas have it. */
public record PublishedAt(String topic, int partition, long offset, Instant time) {}
