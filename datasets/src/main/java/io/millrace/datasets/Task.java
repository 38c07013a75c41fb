package io.millrace.datasets;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a model of a target predicts. */
public enum Task {
  CLASSIFICATION,
  REGRESSION;

  /** The lower-case name used in JSON and YAML. */
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
