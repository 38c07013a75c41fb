package io.millrace.trainers;

import java.util.Map;

/** Where a training says how far it is. */
public interface Progress {

  /**
   * A step is done.
   *
   * @param unit what a step is, {@code tree} or {@code epoch}
   * @param step from 1
   * @param of how many there will be at most
   * @param metrics by name
   * @throws RunFailure where the run was cancelled
   */
  void step(String unit, int step, int of, Map<String, Double> metrics);
}
