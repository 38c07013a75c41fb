package io.millrace.datasets;

import java.util.Locale;

/** What a model of a target predicts. */
public enum Task {
  CLASSIFICATION,
  REGRESSION;

  /** The lower-case name used in JSON and YAML. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
