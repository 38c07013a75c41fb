package io.millrace.tracking.intake;

import io.millrace.tracking.mlflow.Names;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A training request as it came; exactly one of pipeline and definition should be given. */
record TrainRequest(
    RequestId id,
    @Nullable String pipeline,
    @Nullable Integer pipelineVersion,
    @Nullable String definition,
    Map<String, String> overrides,
    String requestedBy,
    @Nullable Code code) {

  /** Who asks where nobody says so. */
  static final String NOBODY = "unknown";

  private static final int LONGEST_PERSON = 200;

  TrainRequest {
    pipeline = pipeline == null ? null : storable(pipeline);
    overrides = Map.copyOf(overrides);
    requestedBy =
        requestedBy.isBlank() ? NOBODY : Names.truncated(storable(requestedBy), LONGEST_PERSON);
  }

  /** PostgreSQL has no place for the character NUL. */
  private static String storable(String text) {
    return text.replace('\0', '\ufffd');
  }
}
