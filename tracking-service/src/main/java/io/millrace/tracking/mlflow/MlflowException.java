package io.millrace.tracking.mlflow;

/** A refusal in MLflow's form: code and message are what its clients show. */
public final class MlflowException extends RuntimeException {

  private final ErrorCode code;

  public MlflowException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /** 400: a value of the request cannot be. */
  public static MlflowException invalid(String message) {
    return new MlflowException(ErrorCode.INVALID_PARAMETER_VALUE, message);
  }

  /** 404: what the request is about is not there. */
  public static MlflowException missing(String message) {
    return new MlflowException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message);
  }

  /** 400: the name is taken. */
  public static MlflowException exists(String message) {
    return new MlflowException(ErrorCode.RESOURCE_ALREADY_EXISTS, message);
  }

  /** The code, which also decides the HTTP status. */
  public ErrorCode code() {
    return code;
  }
}
