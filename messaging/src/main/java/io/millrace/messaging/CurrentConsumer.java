package io.millrace.messaging;

/** Name of the consumer whose handler runs on this thread. */
final class CurrentConsumer {

  static final ScopedValue<String> NAME = ScopedValue.newInstance();

  private CurrentConsumer() {}
}
