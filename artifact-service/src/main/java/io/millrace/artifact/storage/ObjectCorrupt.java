package io.millrace.artifact.storage;

/** The stored bytes are not the ones that were written: another digest, another size, or gone. */
public final class ObjectCorrupt extends RuntimeException {

  ObjectCorrupt(String message) {
    super(message);
  }
}
