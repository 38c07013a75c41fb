package io.millrace.artifact.storage;

/** The bytes received are not those whose digest the sender declared; nothing was kept. */
public final class DigestMismatch extends RuntimeException {

  DigestMismatch(String declared, String received) {
    super(
        "the declared SHA-256 is %s and the bytes received have %s: send the same file again"
            .formatted(declared, received));
  }
}
