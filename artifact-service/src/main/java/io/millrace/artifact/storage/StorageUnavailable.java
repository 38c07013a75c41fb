package io.millrace.artifact.storage;

/** The object store cannot be used just now; the same call may succeed later. HTTP says 503. */
public final class StorageUnavailable extends RuntimeException {

  StorageUnavailable(String message) {
    super(message);
  }

  StorageUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
