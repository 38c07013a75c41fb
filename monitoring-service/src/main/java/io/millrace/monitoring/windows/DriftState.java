package io.millrace.monitoring.windows;

/**
 * Whether a model drifts, with the windows in a row that say otherwise.
 *
 * @param drifted the state
 * @param streak windows in a row that speak against it: above 0 drifted ones, below 0 others
 * @param alertOpen DriftDetected is out and not resolved
 */
record DriftState(boolean drifted, int streak, boolean alertOpen) {

  /** What a window leads to. */
  enum Turn {
    NONE,
    DETECTED,
    RESOLVED
  }

  /** The state after a window, and what is to be told. */
  record Step(DriftState state, Turn turn) {}

  /**
   * The next state. A window without enough data changes nothing; a version that takes over from
   * one with an open alert resolves it by its first windows that are as they should be.
   *
   * @param toDetect drifted windows in a row that make drift
   * @param toResolve other windows in a row that end it
   */
  Step after(Comparison.Verdict verdict, int toDetect, int toResolve) {
    return switch (verdict) {
      case NOT_ENOUGH_DATA -> new Step(this, Turn.NONE);
      case DRIFTED -> {
        if (drifted) {
          yield new Step(new DriftState(true, 0, alertOpen), Turn.NONE);
        }
        // A positive streak counts drifted windows, a negative one windows that resolve.
        int now = Math.max(0, streak) + 1;
        yield now >= toDetect
            ? new Step(new DriftState(true, 0, true), Turn.DETECTED)
            : new Step(new DriftState(false, now, alertOpen), Turn.NONE);
      }
      case OK -> {
        if (!drifted && !alertOpen) {
          yield new Step(new DriftState(false, 0, false), Turn.NONE);
        }
        int now = Math.min(0, streak) - 1;
        yield -now >= toResolve
            ? new Step(new DriftState(false, 0, false), Turn.RESOLVED)
            : new Step(new DriftState(drifted, now, alertOpen), Turn.NONE);
      }
    };
  }
}
