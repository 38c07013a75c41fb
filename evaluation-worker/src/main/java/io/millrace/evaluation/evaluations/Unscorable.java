package io.millrace.evaluation.evaluations;

/** A model cannot be scored on the rows; trying again would not change that. */
final class Unscorable extends RuntimeException {
  private final FailureReason reason;

  Unscorable(FailureReason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  FailureReason reason() {
    return reason;
  }

  Outcome.Failed outcome() {
    return new Outcome.Failed(reason, String.valueOf(getMessage()));
  }
}
