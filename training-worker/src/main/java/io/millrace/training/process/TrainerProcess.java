package io.millrace.training.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trainer at work. Of the worker's own environment it gets only what any program needs, so none
 * of the worker's secrets. Its standard input is a pipe that nobody writes to: it ends when the
 * worker does.
 */
public final class TrainerProcess {

  private static final Logger log = LoggerFactory.getLogger(TrainerProcess.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int LOOK_EVERY = 5;
  private static final List<String> INHERITED =
      List.of("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SystemRoot");

  private final Process process;
  private final ProcessTree tree;
  private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();

  private TrainerProcess(Process process) {
    this.process = process;
    this.tree = new ProcessTree(process.toHandle());
  }

  /** Limits of a trainer. */
  public record Limits(Duration time, long residentBytes, Duration stopGrace) {}

  /** What the worker does now and then while the trainer works. */
  @FunctionalInterface
  public interface Watcher {
    void look() throws InterruptedException;
  }

  /**
   * Starts a trainer.
   *
   * @param directory its working directory
   * @param logFile gets both its output streams
   */
  public static TrainerProcess start(
      List<String> command, Map<String, String> environment, Path directory, Path logFile)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
    Map<String, String> own = builder.environment();
    own.keySet().retainAll(INHERITED);
    own.putAll(environment);
    own.put("MILLRACE_PARENT_PID", Long.toString(ProcessHandle.current().pid()));
    return new TrainerProcess(builder.start());
  }

  /** The trainer's process. */
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /** Asks for a stop; the first reason counts. Returns at once. */
  public void stop(Stop reason) {
    stop.compareAndSet(null, reason);
  }

  /**
   * Waits for the end, which it brings about when a stop is asked for or a limit is passed. No
   * process of the trainer is left when it returns or throws.
   *
   * @throws InterruptedException if this thread is interrupted; the trainer is ended before
   */
  public Exit await(Limits limits, Watcher watcher) throws InterruptedException {
    long deadline = System.nanoTime() + limits.time().toNanos();
    try {
      for (int turn = 0; !process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS); turn++) {
        if (turn % LOOK_EVERY == 0) {
          tree.look();
          if (tree.residentBytes() > limits.residentBytes()) {
            stop(Stop.OUT_OF_MEMORY);
          }
        }
        if (System.nanoTime() > deadline) {
          stop(Stop.TIMED_OUT);
        }
        Stop reason = stop.get();
        if (reason != null) {
          log.info("stopping trainer {}: {}", process.pid(), reason);
          tree.end(limits.stopGrace());
          return new Exit(process.waitFor(), reason);
        }
        watcher.look();
      }
      return new Exit(process.exitValue(), stop.get());
    } finally {
      tree.end(process.isAlive() ? limits.stopGrace() : Duration.ZERO);
    }
  }
}
