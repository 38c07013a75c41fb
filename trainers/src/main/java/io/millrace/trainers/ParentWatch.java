package io.millrace.trainers;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ties this program to the worker that started it. It ends when the worker is gone, even one that
 * was killed: a training that nobody will hear of must not go on, the run is another worker's by
 * then. And it ends no sooner: Ctrl-C at a terminal reaches the worker and its children alike, but
 * whether the run is given back or has failed is the worker's to say.
 */
final class ParentWatch {

  private static final int ORPHANED = 137;

  private ParentWatch() {}

  /**
   * Watches a process.
   *
   * @param pid as in {@code MILLRACE_PARENT_PID}; null where nobody is to be watched
   */
  static void start(@Nullable String pid) {
    if (pid == null || pid.isBlank()) {
      return;
    }
    Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
    Optional<ProcessHandle> parent = ProcessHandle.of(Long.parseLong(pid.strip()));
    if (parent.isEmpty()) {
      end(pid);
    } else {
      parent.get().onExit().thenRun(() -> end(pid));
    }
  }

  private static void end(String pid) {
    System.err.println("the worker (process " + pid + ") is gone: the training is broken off");
    Runtime.getRuntime().halt(ORPHANED);
  }
}
