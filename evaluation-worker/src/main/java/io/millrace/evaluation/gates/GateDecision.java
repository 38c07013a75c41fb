package io.millrace.evaluation.gates;

import org.jspecify.annotations.Nullable;

/**
 * What one gate decided.
 *
 * @param condition in words, for example {@code at least 0.95}
 * @param threshold the number compared with; null where there is none
 * @param value the candidate's; null where the metric could not be computed
 * @param message why, in one sentence
 */
public record GateDecision(
    String metric,
    String condition,
    @Nullable Double threshold,
    @Nullable Double value,
    boolean passed,
    String message) {}
