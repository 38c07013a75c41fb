package io.millrace.tracking.loggedmodels;

/** Whether a model's files are there; the order of the constants is MLflow's numbering. */
public enum LoggedModelStatus {
  LOGGED_MODEL_PENDING,
  LOGGED_MODEL_READY,
  LOGGED_MODEL_UPLOAD_FAILED;

  private static final String PREFIX = "LOGGED_MODEL_";

  /** How many characters of a name stand before what a filter may call it. */
  static final int PREFIX_LENGTH = PREFIX.length();

  /** What a filter calls it: {@code READY}, with or without what stands before it in messages. */
  static String shortName(String text) {
    return text.startsWith(PREFIX) ? text.substring(PREFIX_LENGTH) : text;
  }
}
