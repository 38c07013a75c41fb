package io.millrace.artifact.artifacts;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.millrace.artifact.artifacts.ArtifactPath.InvalidPath;
import io.millrace.artifact.artifacts.Artifacts.LaterAttempt;
import io.millrace.artifact.artifacts.Artifacts.PathConflict;
import io.millrace.artifact.artifacts.RunRoots.RunRefused;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.DigestMismatch;
import io.millrace.artifact.storage.InvalidParts;
import io.millrace.artifact.storage.ObjectCorrupt;
import io.millrace.artifact.storage.ObjectTooLarge;
import io.millrace.artifact.storage.RangeNotSatisfiable;
import io.millrace.artifact.storage.SignedAddresses;
import io.millrace.artifact.storage.StorageUnavailable;
import io.millrace.database.DatabaseUnavailable;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/**
 * An error in MLflow's own form, on the paths that belong to MLflow.
 *
 * @param errorCode one of MLflow's codes
 * @param message what is wrong and what to do
 */
record MlflowProblem(@JsonProperty("error_code") String errorCode, String message) {

  private static final Logger log = LoggerFactory.getLogger(MlflowProblem.class);
  static final String TAIL = " See the API docs for more information about request parameters.";
  private static final String RETRY_AFTER_SECONDS = "2";

  /** There is no file at a path. */
  static final class NoArtifact extends RuntimeException {
    NoArtifact(String message) {
      super(message);
    }
  }

  /** A request that MLflow's contract refuses in a certain way. */
  static final class Refusal extends RuntimeException {
    private final int status;
    private final String errorCode;

    private Refusal(int status, String errorCode, String message) {
      super(message);
      this.status = status;
      this.errorCode = errorCode;
    }

    static Refusal invalid(String message) {
      return new Refusal(400, "INVALID_PARAMETER_VALUE", message);
    }

    static Refusal missingParameter(String name) {
      return invalid("Missing value for required parameter '%s'.".formatted(name) + TAIL);
    }

    static Refusal notFound(String message) {
      return new Refusal(404, "RESOURCE_DOES_NOT_EXIST", message);
    }

    static Refusal unavailable(String message) {
      return new Refusal(503, "TEMPORARILY_UNAVAILABLE", message);
    }
  }

  static ResponseEntity<MlflowProblem> answer(int status, String code, Throwable problem) {
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(status).contentType(MediaType.APPLICATION_JSON);
    if (status == 503) {
      answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    return answer.body(new MlflowProblem(code, String.valueOf(problem.getMessage())));
  }

  /** Which failure is which error. */
  @Order(Ordered.HIGHEST_PRECEDENCE)
  @RestControllerAdvice(
      assignableTypes = {
        ArtifactController.class,
        RunArtifactController.class,
        MultipartController.class,
        PresignedController.class
      })
  static final class Advice {

    @ExceptionHandler({
      InvalidPath.class,
      PathConflict.class,
      DeclaredDigest.Malformed.class,
      DigestMismatch.class,
      InvalidParts.class,
      ObjectTooLarge.class
    })
    ResponseEntity<MlflowProblem> refused(RuntimeException e) {
      return answer(400, "INVALID_PARAMETER_VALUE", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> late(LaterAttempt e) {
      return answer(409, "RESOURCE_CONFLICT", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> missing(NoArtifact e) {
      return answer(404, "RESOURCE_DOES_NOT_EXIST", e);
    }

    @ExceptionHandler({StorageUnavailable.class, DatabaseUnavailable.class})
    ResponseEntity<MlflowProblem> unavailable(RuntimeException e) {
      log.warn("answered 503: {}", e.getMessage());
      return answer(503, "TEMPORARILY_UNAVAILABLE", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> corrupt(ObjectCorrupt e) {
      return answer(500, "DATA_LOSS", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> brokenUpload(IOException e) {
      log.info("upload given up: {}", e.getMessage());
      return answer(400, "BAD_REQUEST", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> refusal(Refusal e) {
      return answer(e.status, e.errorCode, e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> address(SignedAddresses.Refused e) {
      return answer(403, "PERMISSION_DENIED", e);
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> range(RangeNotSatisfiable e) {
      return ResponseEntity.status(416)
          .header(HttpHeaders.CONTENT_RANGE, e.contentRange())
          .contentType(MediaType.APPLICATION_JSON)
          .body(new MlflowProblem("INVALID_PARAMETER_VALUE", String.valueOf(e.getMessage())));
    }

    @ExceptionHandler
    ResponseEntity<MlflowProblem> run(RunRefused e) {
      return answer(e.status(), e.errorCode(), e);
    }
  }
}
