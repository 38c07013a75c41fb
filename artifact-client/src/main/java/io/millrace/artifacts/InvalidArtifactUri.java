package io.millrace.artifacts;

/** A URI that names nothing in artifact-service. */
public final class InvalidArtifactUri extends ArtifactException {

  private static final long serialVersionUID = 1L;

  InvalidArtifactUri(String message) {
    super(message);
  }
}
