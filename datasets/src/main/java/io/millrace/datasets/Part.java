package io.millrace.datasets;

/** The part of a dataset a row belongs to. */
public enum Part {
  TRAIN,
  VALIDATION,
  TEST
}
