package io.millrace.training.services;

/** A service did not answer for as long as the worker is patient; the job may be tried later. */
public final class ServiceUnavailable extends RuntimeException {

  ServiceUnavailable(String message) {
    super(message);
  }

  ServiceUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
