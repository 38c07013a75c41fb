package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.MlflowMessage;
import java.util.UUID;

/** Id of a run: 32 lower-case hexadecimal digits where the server makes it. */
public record RunId(String value) {

  /** A new one. */
  public static RunId random() {
    return new RunId(UUID.randomUUID().toString().replace("-", ""));
  }

  /** From a request, where older clients name it {@code run_uuid}. */
  public static RunId of(MlflowMessage message) {
    return new RunId(message.requiredOneOf("run_id", "run_uuid"));
  }

  @Override
  public String toString() {
    return value;
  }
}
