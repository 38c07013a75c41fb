package io.millrace.monitoring.models;

import java.util.Comparator;

/** A model in an environment; sorts by environment, then model. */
public record ModelKey(String environment, String model) implements Comparable<ModelKey> {

  private static final Comparator<ModelKey> ORDER =
      Comparator.comparing(ModelKey::environment).thenComparing(ModelKey::model);

  @Override
  public int compareTo(ModelKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return environment + "/" + model;
  }
}
