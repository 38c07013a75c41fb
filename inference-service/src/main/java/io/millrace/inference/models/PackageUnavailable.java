package io.millrace.inference.models;

/** A package cannot be fetched just now; trying again may help. */
final class PackageUnavailable extends Exception {

  private static final long serialVersionUID = 1L;

  PackageUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
