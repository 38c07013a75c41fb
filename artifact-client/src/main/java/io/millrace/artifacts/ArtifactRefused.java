package io.millrace.artifacts;

/**
 * artifact-service answered a call with HTTP 4xx: the artifact is absent or the call is invalid.
 */
public final class ArtifactRefused extends ArtifactException {

  private final int status;
  private final String code;
  private final String detail;

  ArtifactRefused(String call, int status, String code, String detail) {
    super("%s was refused with HTTP %d: %s".formatted(call, status, detail));
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  /** HTTP status. */
  public int status() {
    return status;
  }

  /** Stable code of the problem document; empty where there is none. */
  public String code() {
    return code;
  }

  /** Reason that artifact-service gives. */
  public String detail() {
    return detail;
  }
}
