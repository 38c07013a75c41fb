package io.millrace.embedded;

import org.jspecify.annotations.Nullable;

/**
 * A part of the embedded platform could not start. The message is one or two sentences for a
 * person: which part, which port or directory, and what to do about it.
 */
public final class EmbeddedStartException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  EmbeddedStartException(String message) {
    super(message);
  }

  EmbeddedStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
