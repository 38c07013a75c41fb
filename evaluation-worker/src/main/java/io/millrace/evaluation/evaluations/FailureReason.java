package io.millrace.evaluation.evaluations;

import java.util.Locale;

/** Why a version could not be scored; {@link #code()} is what events carry. */
enum FailureReason {
  PACKAGE_CORRUPT,
  PACKAGE_UNAVAILABLE,
  DATASET_CORRUPT,
  DATASET_UNAVAILABLE,
  /** Data, pipeline and model do not fit together. */
  SCHEMA_MISMATCH,
  /** The split leaves nothing to score on. */
  NO_TEST_ROWS,
  CRASHED;

  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
