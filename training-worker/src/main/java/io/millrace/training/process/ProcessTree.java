package io.millrace.training.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A process with everything it started. Those started are remembered, so that they are found when
 * their parent has ended.
 */
final class ProcessTree {

  private static final Duration POLL = Duration.ofMillis(50);

  private final ProcessHandle root;
  private final Set<ProcessHandle> known = new LinkedHashSet<>();

  ProcessTree(ProcessHandle root) {
    this.root = root;
    known.add(root);
  }

  /** Looks for processes that were started since. */
  void look() {
    known.removeIf(process -> process != root && !process.isAlive());
    Set<ProcessHandle> found = new LinkedHashSet<>();
    for (ProcessHandle process : known) {
      process.descendants().forEach(found::add);
    }
    known.addAll(found);
  }

  /** Resident memory of all in bytes; 0 where the system does not say. */
  long residentBytes() {
    long total = 0;
    for (ProcessHandle process : known) {
      total += resident(process.pid());
    }
    return total;
  }

  /** Asks all to end, and ends those that have not within the grace. */
  void end(Duration grace) {
    look();
    known.forEach(ProcessHandle::destroy);
    long deadline = System.nanoTime() + grace.toNanos();
    boolean interrupted = false;
    while (known.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < deadline) {
      look();
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    look();
    known.forEach(ProcessHandle::destroyForcibly);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long resident(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // Ended, or a system without /proc.
    }
    return 0;
  }
}
