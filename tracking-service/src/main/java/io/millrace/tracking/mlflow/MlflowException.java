package io.millrace.tracking.mlflow;

import org.springframework.http.server.reactive.ServerHttpRequest;

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

  /** 501: a call of MLflow that this server has not. */
  static MlflowException notImplemented(ServerHttpRequest request) {
    return new MlflowException(
        ErrorCode.NOT_IMPLEMENTED,
        "%s %s is a call of MLflow that this server does not implement."
            .formatted(request.getMethod(), request.getPath().value()));
  }

  /** The code, which also decides the HTTP status. */
  public ErrorCode code() {
    return code;
  }
}
