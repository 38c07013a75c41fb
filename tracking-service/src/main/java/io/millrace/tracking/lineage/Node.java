package io.millrace.tracking.lineage;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One thing of a lineage.
 *
 * @param name how people call it, unique in its kind
 */
record Node(@JsonIgnore Kind kind, String name) {

  /** Unique among all, for example {@code model-version/iris:3}. */
  @JsonProperty
  String id() {
    return kind.text() + "/" + name;
  }
}
