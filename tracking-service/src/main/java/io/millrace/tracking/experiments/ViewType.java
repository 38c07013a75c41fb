package io.millrace.tracking.experiments;

import java.util.List;

/** Which lifecycle stages a search looks at; the order of the constants is MLflow's numbering. */
public enum ViewType {
  ACTIVE_ONLY(List.of(LifecycleStage.ACTIVE)),
  DELETED_ONLY(List.of(LifecycleStage.DELETED)),
  ALL(List.of(LifecycleStage.values()));

  private final List<LifecycleStage> stages;

  ViewType(List<LifecycleStage> stages) {
    this.stages = stages;
  }

  /** The stages as the database writes them. */
  public String[] stages() {
    return stages.stream().map(LifecycleStage::text).toArray(String[]::new);
  }
}
