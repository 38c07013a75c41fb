package io.millrace.tracking.experiments;

import java.util.Locale;

/** Whether an experiment or a run is in use; what is deleted stays and can be restored. */
public enum LifecycleStage {
  ACTIVE,
  DELETED;

  /** As clients and the database write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The stage of that text. */
  public static LifecycleStage of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
