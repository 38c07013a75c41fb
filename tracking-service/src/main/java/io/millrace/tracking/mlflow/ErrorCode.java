package io.millrace.tracking.mlflow;

/** MLflow's error codes, each with its HTTP status: an existing resource is a 400, not a 409. */
public enum ErrorCode {
  INVALID_PARAMETER_VALUE(400),
  BAD_REQUEST(400),
  RESOURCE_ALREADY_EXISTS(400),
  RESOURCE_DOES_NOT_EXIST(404),
  ENDPOINT_NOT_FOUND(404),
  RESOURCE_CONFLICT(409),
  INTERNAL_ERROR(500),
  INVALID_STATE(500),
  NOT_IMPLEMENTED(501),
  TEMPORARILY_UNAVAILABLE(503);

  private final int status;

  ErrorCode(int status) {
    this.status = status;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }
}
