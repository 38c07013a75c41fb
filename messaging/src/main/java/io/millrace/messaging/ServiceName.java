package io.millrace.messaging;

/** Name of the running service, from `spring.application.name`. */
record ServiceName(String value) {

  /** CloudEvents source of everything it publishes. */
  String source() {
    return "/millrace/" + value;
  }
}
