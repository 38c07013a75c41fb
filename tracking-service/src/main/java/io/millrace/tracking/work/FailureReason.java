package io.millrace.tracking.work;

import java.util.Locale;

/** Why a queued run ended without a model. */
enum FailureReason {
  DATA_CHECKS_FAILED,
  INVALID_PARAMETERS,
  OUT_OF_MEMORY,
  TIMED_OUT,
  CANCELLED,
  CRASHED,
  PARITY_FAILED,
  WORKER_LOST,
  /** A code of a newer worker. */
  OTHER;

  /** The stable code in events. */
  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The job's state after such an end. */
  JobStatus status() {
    return this == CANCELLED ? JobStatus.CANCELLED : JobStatus.FAILED;
  }

  static FailureReason of(String code) {
    for (FailureReason reason : values()) {
      if (reason.code().equals(code)) {
        return reason;
      }
    }
    return OTHER;
  }
}
