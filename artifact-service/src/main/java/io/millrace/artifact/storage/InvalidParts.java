package io.millrace.artifact.storage;

/** The parts named do not make an object; send the ones the message names again. HTTP says 400. */
public final class InvalidParts extends RuntimeException {

  InvalidParts(String message) {
    super(message);
  }
}
