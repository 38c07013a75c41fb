package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.Names;

/** Longest values of what is logged to a run; longer ones are cut, as MLflow's server does. */
public final class RunLimits {

  private static final int LONGEST_PARAM = 6000;
  private static final int LONGEST_TAG = 8000;

  private RunLimits() {}

  /** A parameter's value as it is stored. */
  public static String paramValue(String value) {
    return Names.truncated(value, LONGEST_PARAM);
  }

  /** A tag's value as it is stored. */
  public static String tagValue(String value) {
    return Names.truncated(value, LONGEST_TAG);
  }
}
