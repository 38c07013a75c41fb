package io.millrace.artifacts;

/** A URI that names nothing in artifact-service. */
public final class InvalidArtifactUri extends ArtifactException {

  InvalidArtifactUri(String message) {
    super(message);
  }
}
