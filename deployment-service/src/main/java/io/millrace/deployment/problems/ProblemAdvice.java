package io.millrace.deployment.problems;

import io.millrace.database.DatabaseUnavailable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.ServerWebInputException;

/** Turns refusals into {@code application/problem+json} (RFC 9457) with a {@code code}. */
@RestControllerAdvice
class ProblemAdvice {

  @ExceptionHandler
  ResponseEntity<ProblemDetail> refused(Refusal refusal) {
    return problem(refusal.status(), refusal.code(), refusal.getMessage());
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> unreadable(ServerWebInputException e) {
    String reason = e.getReason();
    Throwable cause = e.getMostSpecificCause();
    return problem(
        HttpStatus.BAD_REQUEST,
        "unreadable-request",
        "The request cannot be read: "
            + (reason == null ? "bad input" : reason)
            + (cause == e ? "" : " (" + firstLine(cause.getMessage()) + ")"));
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> unavailable(DatabaseUnavailable e) {
    return problem(
        HttpStatus.SERVICE_UNAVAILABLE,
        "database-unavailable",
        "The database does not answer; nothing was changed, try again in a moment.");
  }

  private static ResponseEntity<ProblemDetail> problem(
      HttpStatus status, String code, String detail) {
    ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
    problem.setProperty("code", code);
    return ResponseEntity.status(status).body(problem);
  }

  private static String firstLine(@org.jspecify.annotations.Nullable String message) {
    return message == null ? "no details" : message.lines().findFirst().orElse("");
  }
}
