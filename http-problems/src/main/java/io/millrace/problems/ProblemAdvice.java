package io.millrace.problems;

import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.UniqueViolation;
import io.millrace.messaging.RetryableFailure;
import io.millrace.messaging.TerminalFailure;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.MissingRequestValueException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import reactor.core.publisher.Mono;

/**
 * Answers every failure under /api/v1 with a problem; failures of other paths pass by, since those
 * APIs have error forms of their own.
 */
@RestControllerAdvice
@Order(Ordered.LOWEST_PRECEDENCE)
final class ProblemAdvice {

  private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);
  private static final String PATHS = "/api/v1/";
  private static final String RETRY_AFTER_SECONDS = "2";

  @ExceptionHandler
  Mono<ResponseEntity<ProblemDetail>> answer(Throwable thrown, ServerWebExchange exchange) {
    String path = exchange.getRequest().getPath().pathWithinApplication().value();
    return path.startsWith(PATHS) ? Mono.just(problem(thrown, exchange)) : Mono.error(thrown);
  }

  private static ResponseEntity<ProblemDetail> problem(
      Throwable thrown, ServerWebExchange exchange) {
    if (caused(thrown, DataBufferLimitException.class)) {
      return of(
          HttpStatus.CONTENT_TOO_LARGE, "body-too-large", "The body is larger than is taken here.");
    }
    return switch (thrown) {
      case ApiProblem refusal -> {
        ResponseEntity<ProblemDetail> answer =
            of(HttpStatusCode.valueOf(refusal.status()), refusal.code(), refusal.getMessage());
        ProblemDetail body = answer.getBody();
        if (body != null) {
          refusal.extras().forEach(body::setProperty);
        }
        yield answer;
      }
      case TerminalFailure refusal ->
          of(HttpStatus.UNPROCESSABLE_CONTENT, refusal.code(), refusal.getMessage());
      case DatabaseUnavailable unavailable ->
          later("database-unavailable", "The database cannot be reached just now; try again.");
      case RetryableFailure retryable -> later("try-again", retryable.getMessage());
      case UniqueViolation taken ->
          of(
              HttpStatus.CONFLICT,
              "already-exists",
              "This exists already (" + taken.constraint() + ").");
      case MissingRequestValueException missing ->
          of(HttpStatus.BAD_REQUEST, "missing-parameter", missing.getReason());
      case ServerWebInputException bad when caused(bad, DecodingException.class) ->
          of(HttpStatus.BAD_REQUEST, "malformed-json", deepest(bad));
      case ServerWebInputException bad -> of(HttpStatus.BAD_REQUEST, "bad-request", deepest(bad));
      case ErrorResponse known ->
          of(known.getStatusCode(), code(known.getStatusCode()), known.getBody().getDetail());
      default -> {
        String id = UUID.randomUUID().toString();
        log.error(
            "{} {} failed ({})",
            exchange.getRequest().getMethod(),
            exchange.getRequest().getPath(),
            id,
            thrown);
        yield of(
            HttpStatus.INTERNAL_SERVER_ERROR,
            "internal",
            "This is a defect of the service; its log has the cause under " + id + ".");
      }
    };
  }

  private static ResponseEntity<ProblemDetail> later(
      String code, @org.jspecify.annotations.Nullable String message) {
    ResponseEntity<ProblemDetail> answer = of(HttpStatus.SERVICE_UNAVAILABLE, code, message);
    return ResponseEntity.status(answer.getStatusCode())
        .headers(answer.getHeaders())
        .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS)
        .body(answer.getBody());
  }

  private static ResponseEntity<ProblemDetail> of(
      HttpStatusCode status, String code, @org.jspecify.annotations.Nullable String message) {
    ProblemDetail problem = ProblemDetail.forStatus(status);
    problem.setDetail(message);
    problem.setProperty("code", code);
    return ResponseEntity.status(status)
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(problem);
  }

  private static String code(HttpStatusCode status) {
    HttpStatus known = HttpStatus.resolve(status.value());
    return known == null
        ? "http-" + status.value()
        : known.getReasonPhrase().toLowerCase(java.util.Locale.ROOT).replace(' ', '-');
  }

  private static boolean caused(Throwable thrown, Class<? extends Throwable> type) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  private static String deepest(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
