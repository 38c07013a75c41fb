package io.millrace.messaging;

import org.jspecify.annotations.Nullable;

/**
 * The record can never be processed: it goes to the dead-letter topic at once and the partition
 * moves on. The code is stable and short, for example `undecodable`; the message says what is
 * wrong, where, and how to mend it.
 */
public final class TerminalFailure extends RuntimeException {

  private final String code;

  public TerminalFailure(String code, String message) {
    this(code, message, null);
  }

  public TerminalFailure(String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Stable code, for the `millrace-dlt-reason` header and for tests. */
  public String code() {
    return code;
  }
}
