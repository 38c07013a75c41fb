package io.millrace.artifacts;

/** Why an artifact could not be fetched or stored; the subtype says whether repeating may help. */
public abstract sealed class ArtifactException extends RuntimeException
    permits ArtifactCorrupt, ArtifactRefused, ArtifactUnavailable, InvalidArtifactUri {

  ArtifactException(String message) {
    super(message);
  }

  ArtifactException(String message, Throwable cause) {
    super(message, cause);
  }
}
