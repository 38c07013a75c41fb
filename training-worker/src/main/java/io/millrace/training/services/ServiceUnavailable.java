package io.millrace.training.services;

/** tracking-service did not answer within the patience; the job may be tried again later. */
public final class ServiceUnavailable extends RuntimeException {

  ServiceUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
