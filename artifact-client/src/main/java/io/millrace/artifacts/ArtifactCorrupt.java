package io.millrace.artifacts;

/** The stored content is not the one with the expected SHA-256. */
public final class ArtifactCorrupt extends ArtifactException {

  ArtifactCorrupt(String message) {
    super(message);
  }
}
