package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.DigestMismatch;
import io.millrace.artifact.storage.InvalidParts;
import io.millrace.artifact.storage.ObjectCorrupt;
import io.millrace.artifact.storage.ObjectTooLarge;
import io.millrace.artifact.storage.RangeNotSatisfiable;
import io.millrace.artifact.storage.StorageUnavailable;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** What the storage refuses, as problems (RFC 9457) with a stable code. */
@Order(Ordered.HIGHEST_PRECEDENCE)
@RestControllerAdvice(assignableTypes = {DatasetController.class, ContentController.class})
final class DatasetProblems {

  private static final Logger log = LoggerFactory.getLogger(DatasetProblems.class);
  private static final String RETRY_AFTER_SECONDS = "2";

  @ExceptionHandler
  ResponseEntity<ProblemDetail> mismatch(DigestMismatch e) {
    return answer(422, "digest-mismatch", e);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> malformed(DeclaredDigest.Malformed e) {
    return answer(400, "invalid-digest", e);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> tooLarge(ObjectTooLarge e) {
    return answer(413, "too-large", e);
  }

  @ExceptionHandler(StorageUnavailable.class)
  ResponseEntity<ProblemDetail> unavailable(StorageUnavailable e) {
    log.warn("answered 503: {}", e.getMessage());
    return answer(503, "storage-unavailable", e);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> range(RangeNotSatisfiable e) {
    ProblemDetail problem =
        ProblemDetail.forStatusAndDetail(
            HttpStatusCode.valueOf(416), String.valueOf(e.getMessage()));
    problem.setProperty("code", "range-not-satisfiable");
    return ResponseEntity.status(416)
        .header(HttpHeaders.CONTENT_RANGE, e.contentRange())
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(problem);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> parts(InvalidParts e) {
    return answer(400, "invalid-parts", e);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> corrupt(ObjectCorrupt e) {
    return answer(500, "content-corrupt", e);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> broken(IOException e) {
    log.info("upload given up: {}", e.getMessage());
    return answer(400, "upload-broken", e);
  }

  private static ResponseEntity<ProblemDetail> answer(int status, String code, Throwable e) {
    ProblemDetail problem =
        ProblemDetail.forStatusAndDetail(
            HttpStatusCode.valueOf(status), String.valueOf(e.getMessage()));
    problem.setProperty("code", code);
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(status).contentType(MediaType.APPLICATION_PROBLEM_JSON);
    if (status == 503) {
      answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    return answer.body(problem);
  }
}
