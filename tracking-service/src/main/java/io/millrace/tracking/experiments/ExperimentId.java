package io.millrace.tracking.experiments;

import io.millrace.tracking.mlflow.MlflowException;

/** Id of an experiment; clients see it as decimal text. */
public record ExperimentId(long value) {

  /** The experiment of runs that name none. */
  public static final ExperimentId DEFAULT = new ExperimentId(0);

  /** Reads what a client sent. */
  public static ExperimentId parse(String text) {
    try {
      return new ExperimentId(Long.parseLong(text));
    } catch (NumberFormatException notWhole) {
      throw MlflowException.invalid(
          "Invalid experiment ID '%s'. Experiment ID must be a valid integer.".formatted(text));
    }
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
