package io.millrace.training.workdir;

import java.time.Instant;
import java.util.Optional;

/** A process by number and start time, so that a number used again is not taken for it. */
record ProcessNote(long pid, String startedAt) {

  private static final String UNKNOWN = "unknown";

  static ProcessNote of(ProcessHandle process) {
    return new ProcessNote(
        process.pid(), process.info().startInstant().map(Instant::toString).orElse(UNKNOWN));
  }

  static Optional<ProcessNote> parse(String text) {
    String[] parts = text.strip().split(" ", 2);
    try {
      return parts.length == 2
          ? Optional.of(new ProcessNote(Long.parseLong(parts[0]), parts[1]))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  String text() {
    return pid + " " + startedAt + "\n";
  }

  /** The process if it still runs. */
  Optional<ProcessHandle> running() {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(p -> of(p).equals(this));
  }
}
