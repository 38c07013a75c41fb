package io.millrace.inference.predictions;

import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.time.Instant;
import java.util.UUID;

/**
 * One answered call.
 *
 * @param id id of the call
 * @param at when it was answered
 * @param protocol v2 or invocations
 * @param latencyMicros time to answer
 */
public record Prediction(
    UUID id,
    String environment,
    String model,
    int version,
    Instant at,
    String protocol,
    RowBatch rows,
    Scores scores,
    long latencyMicros) {

  /** What it takes in memory, about. */
  long weight() {
    return 200 + (long) rows.rows() * (rows.columns().width() + scores.classes().size()) * 16;
  }
}
