package io.millrace.inference.models;

/** A place that serves one version of a model: the model in an environment. */
public record Endpoint(String environment, String model) {

  @Override
  public String toString() {
    return environment + "/" + model;
  }
}
