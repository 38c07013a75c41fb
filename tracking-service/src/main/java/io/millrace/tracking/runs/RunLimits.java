package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.MlflowSettings;
import io.millrace.tracking.mlflow.Names;
import org.springframework.stereotype.Component;

/**
 * Longest values of what is logged; longer ones are cut, as MLflow's server does, or refused where
 * the settings say so.
 */
@Component
public class RunLimits {

  /** Longest value of a parameter, in characters. */
  public static final int LONGEST_PARAM = 6000;

  private static final int LONGEST_TAG = 8000;

  private final boolean truncate;

  RunLimits(MlflowSettings settings) {
    this.truncate = settings.truncateLongValues();
  }

  /** A parameter's value as it is stored. */
  public String paramValue(String value) {
    return limited(value, "Param value", LONGEST_PARAM);
  }

  /** A tag's value as it is stored. */
  public String tagValue(String value) {
    return limited(value, "Tag value", LONGEST_TAG);
  }

  private String limited(String value, String name, int most) {
    return truncate ? Names.truncated(value, most) : Names.limited(value, name, most);
  }
}
