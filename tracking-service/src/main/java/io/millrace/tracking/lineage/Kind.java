package io.millrace.tracking.lineage;

import java.util.Arrays;
import java.util.Optional;

/** What lineage connects. */
enum Kind {
  /**
   * {@code name@version} of stored data, {@code name@digest} of what an MLflow client described.
   */
  DATASET_VERSION("dataset-version"),
  /** The program, at a commit where that is known. */
  CODE("code"),
  RUN("run"),
  /** A model that a run logged and that need not be registered. */
  LOGGED_MODEL("logged-model"),
  /** {@code name:version} of a registered model. */
  MODEL_VERSION("model-version"),
  ENVIRONMENT("environment");

  private final String text;

  Kind(String text) {
    this.text = text;
  }

  /** As paths and ids say it. */
  String text() {
    return text;
  }

  static Optional<Kind> of(String text) {
    return Arrays.stream(values()).filter(kind -> kind.text.equals(text)).findFirst();
  }
}
