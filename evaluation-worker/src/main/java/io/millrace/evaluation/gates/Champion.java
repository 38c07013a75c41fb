package io.millrace.evaluation.gates;

import io.millrace.evaluation.intervals.Bootstrap;

/** The version that serves now, to compare a candidate with. */
public sealed interface Champion {
  /** No version serves yet. */
  record None() implements Champion {}

  /** It was scored on the same rows as the candidate, with the same resamples. */
  record Scored(int version, Bootstrap.Resampled metrics) implements Champion {}

  /**
   * It could not be scored on these rows.
   *
   * @param why one sentence
   */
  record Unscorable(int version, String why) implements Champion {}
}
