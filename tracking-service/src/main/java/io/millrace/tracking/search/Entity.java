package io.millrace.tracking.search;

/** What a field of a filter belongs to; the text is what MLflow calls it in its errors. */
public enum Entity {
  METRIC("metric"),
  PARAM("parameter"),
  TAG("tag"),
  ATTRIBUTE("attribute"),
  DATASET("dataset");

  private final String text;

  Entity(String text) {
    this.text = text;
  }

  /** Its name in messages. */
  public String text() {
    return text;
  }
}
