package io.millrace.tracking.loggedmodels;

import java.util.UUID;

/** Id of a logged model: {@code m-} and 32 lower-case hexadecimal digits. */
public record LoggedModelId(String value) {

  /** A new one. */
  static LoggedModelId random() {
    return new LoggedModelId("m-" + UUID.randomUUID().toString().replace("-", ""));
  }

  @Override
  public String toString() {
    return value;
  }
}
