package io.millrace.artifact.storage;

/** More bytes than one object may have with these settings. HTTP says 413. */
public final class ObjectTooLarge extends RuntimeException {

  ObjectTooLarge(String message) {
    super(message);
  }
}
