package io.millrace.tracking.mlflow;

import io.millrace.database.DatabaseFailure;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.UniqueViolation;
import io.millrace.problems.ApiProblem;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.MethodNotAllowedException;

/** Failures of MLflow calls in MLflow's form, {@code {"error_code", "message"}}. */
@RestControllerAdvice(annotations = MlflowApi.class)
@Order(Ordered.HIGHEST_PRECEDENCE)
class MlflowErrors {

  private static final Logger log = LoggerFactory.getLogger(MlflowErrors.class);

  @ExceptionHandler
  ResponseEntity<Map<String, String>> refused(MlflowException refusal) {
    return answer(refusal.code(), String.valueOf(refusal.getMessage()));
  }

  @ExceptionHandler
  ResponseEntity<Map<String, String>> badValue(ApiProblem refusal) {
    return answer(ErrorCode.INVALID_PARAMETER_VALUE, String.valueOf(refusal.getMessage()));
  }

  @ExceptionHandler
  ResponseEntity<Map<String, String>> unavailable(DatabaseUnavailable failure) {
    log.warn("answered 503: {}", failure.getMessage());
    return answer(
        ErrorCode.TEMPORARILY_UNAVAILABLE, "The tracking database is unavailable; try again.");
  }

  /** SQLSTATE class 22: values that PostgreSQL has no place for, such as the character NUL. */
  @ExceptionHandler
  ResponseEntity<Map<String, String>> refusedByDatabase(DatabaseFailure failure) {
    return failure.sqlState().startsWith("22")
        ? answer(
            ErrorCode.INVALID_PARAMETER_VALUE,
            "A value of the request cannot be stored; look for control characters and numbers out of range.")
        : unexpected(failure);
  }

  /** Two writers took the same name at the same time. */
  @ExceptionHandler
  ResponseEntity<Map<String, String>> taken(UniqueViolation failure) {
    return answer(
        ErrorCode.RESOURCE_ALREADY_EXISTS,
        "What the request would make exists already (%s).".formatted(failure.constraint()));
  }

  @ExceptionHandler
  ResponseEntity<Map<String, String>> wrongMethod(MethodNotAllowedException refusal) {
    return ResponseEntity.status(refusal.getStatusCode())
        .headers(refusal.getHeaders())
        .contentType(MediaType.APPLICATION_JSON)
        .body(
            body(
                ErrorCode.ENDPOINT_NOT_FOUND,
                "This path takes %s, not %s."
                    .formatted(refusal.getSupportedMethods(), refusal.getHttpMethod())));
  }

  @ExceptionHandler
  ResponseEntity<Map<String, String>> unexpected(Exception failure) {
    log.error("answered 500", failure);
    return answer(
        ErrorCode.INTERNAL_ERROR,
        "Unexpected failure in the tracking service; its log has the details: "
            + failure.getClass().getSimpleName());
  }

  private static ResponseEntity<Map<String, String>> answer(ErrorCode code, String message) {
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(code.status()).contentType(MediaType.APPLICATION_JSON);
    if (code == ErrorCode.TEMPORARILY_UNAVAILABLE) {
      answer.header(HttpHeaders.RETRY_AFTER, "1");
    }
    return answer.body(body(code, message));
  }

  private static Map<String, String> body(ErrorCode code, String message) {
    return Map.of("error_code", code.name(), "message", message);
  }
}
