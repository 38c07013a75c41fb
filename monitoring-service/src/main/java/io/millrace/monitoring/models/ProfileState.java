package io.millrace.monitoring.models;

/** What is known of a reference profile. */
public enum ProfileState {
  /** To be fetched. */
  PENDING,
  /** Here. */
  READY,
  /** There is none that could be used: the model is served unwatched. */
  NONE
}
