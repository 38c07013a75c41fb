package io.millrace.artifact.storage;

import org.jspecify.annotations.Nullable;

/** The object store cannot be used just now; the same call may succeed later. HTTP says 503. */
public final class StorageUnavailable extends RuntimeException {

  StorageUnavailable(String message) {
    super(message);
  }

  StorageUnavailable(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
