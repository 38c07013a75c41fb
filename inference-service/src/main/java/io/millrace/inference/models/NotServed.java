package io.millrace.inference.models;

/** Nothing serves what was asked for; the message says what is served instead. */
public final class NotServed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NotServed(String message) {
    super(message, null, false, false);
  }
}
