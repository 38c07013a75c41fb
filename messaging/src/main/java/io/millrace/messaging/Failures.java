package io.millrace.messaging;

import io.millrace.database.DatabaseUnavailable;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.messaging.MessagingException;

/** Finds, inside what a container or a handler threw, the failure that decides. */
final class Failures {

  private Failures() {}

  static Throwable decisive(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof TerminalFailure
          || cause instanceof RetryableFailure
          || cause instanceof DatabaseUnavailable) {
        return cause;
      }
    }
    Throwable inner = thrown;
    while (inner.getCause() != null && wrapper(inner)) {
      inner = inner.getCause();
    }
    return inner;
  }

  private static boolean wrapper(Throwable thrown) {
    return thrown instanceof ListenerExecutionFailedException
        || thrown instanceof MessagingException
        || thrown instanceof EventHandlers.HandlerException;
  }

  static String code(Throwable decisive) {
    return decisive instanceof TerminalFailure terminal ? terminal.code() : "attempts-exhausted";
  }

  static String message(Throwable decisive) {
    String message =
        decisive instanceof TerminalFailure || decisive instanceof RetryableFailure
            ? String.valueOf(decisive.getMessage())
            : decisive.toString();
    return message.length() <= 1000 ? message : message.substring(0, 1000) + "...";
  }
}
