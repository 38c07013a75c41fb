package io.millrace.artifacts;

/** artifact-service did not answer in time, or only with HTTP 5xx, 408 or 429; retry later. */
public final class ArtifactUnavailable extends ArtifactException {

  ArtifactUnavailable(String message, Throwable cause) {
    super(message, cause);
  }

  ArtifactUnavailable(String message) {
    super(message);
  }
}
