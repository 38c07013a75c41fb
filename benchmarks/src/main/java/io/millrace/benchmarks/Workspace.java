package io.millrace.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * The folder of one run of benchmarks. Closed, or ended by a signal, it takes along everything that
 * runs in it; what a run left behind that was killed, the next one takes away.
 *
 * <p>Processes are known by the folder in their command line: a database server has it there by
 * itself, a JVM by {@link #mark()}.
 */
final class Workspace implements AutoCloseable {

  private static final String PREFIX = "millrace-bench-";
  private static final String LOCK = "bench.lock";
  private static final long SECONDS_TO_END = 20;
  private static final int ATTEMPTS = 10;

  private final Path folder;
  private final FileChannel lock;
  private final Thread hook = Thread.ofPlatform().name("workspace-close").unstarted(this::end);
  private boolean ended;

  private Workspace(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /** A new folder below the directory for temporary files, after those of killed runs are gone. */
  static Workspace open() throws IOException {
    return openIn(Path.of(System.getProperty("java.io.tmpdir")));
  }

  static Workspace openIn(Path temporary) throws IOException {
    sweep(temporary);
    Path folder = Files.createTempDirectory(temporary, PREFIX);
    // Locked before it has its name, so that nobody else ever finds it without an owner.
    Path draft = folder.resolve(LOCK + ".new");
    FileChannel lock =
        FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    lock.lock();
    Files.move(draft, folder.resolve(LOCK));
    Workspace workspace = new Workspace(folder, lock);
    Runtime.getRuntime().addShutdownHook(workspace.hook);
    return workspace;
  }

  Path folder() {
    return folder;
  }

  /** A JVM flag of every process that is to end with this run. */
  String mark() {
    return "-Dmillrace.bench=" + folder;
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM ends already, and the hook does the same.
    }
    end();
  }

  private synchronized void end() {
    if (ended) {
      return;
    }
    ended = true;
    try (lock) {
      remove(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("Left behind: " + folder, e);
    }
  }

  private static void sweep(Path temporary) throws IOException {
    try (var found = Files.newDirectoryStream(temporary, PREFIX + "*")) {
      for (Path folder : found) {
        Path file = folder.resolve(LOCK);
        if (!Files.isWritable(file)) {
          continue;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
            var free = channel.tryLock()) {
          if (free != null) {
            remove(folder);
          }
        } catch (OverlappingFileLockException e) {
          // Another run in this JVM has it.
          continue;
        }
      }
    }
  }

  /** The lock goes last: as long as anything is left, the next run finds it by that. */
  private static void remove(Path folder) throws IOException {
    endProcesses(folder);
    Path lock = folder.resolve(LOCK);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      // What runs in this JVM may still write while a signal ends it.
      if (attempt > 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      }
      try (var files = Files.walk(folder)) {
        files
            .sorted(Comparator.reverseOrder())
            .filter(file -> !file.equals(lock))
            .forEach(file -> file.toFile().delete());
      } catch (UncheckedIOException e) {
        // Something went while it was listed.
        continue;
      }
      try (var left = Files.list(folder)) {
        if (left.allMatch(lock::equals)) {
          Files.delete(lock);
          Files.delete(folder);
          return;
        }
      }
    }
  }

  private static void endProcesses(Path folder) throws IOException {
    long self = ProcessHandle.current().pid();
    List<ProcessHandle> running =
        ProcessHandle.allProcesses()
            .filter(process -> process.pid() != self)
            .filter(process -> commandLine(process).contains(folder.toString()))
            .toList();
    for (ProcessHandle process : running) {
      if (commandLine(process).contains("/bin/postgres ")) {
        // SIGTERM would wait for its clients, of which this process may be one.
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start();
      } else {
        process.destroyForcibly();
      }
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_END);
    for (ProcessHandle process : running) {
      try {
        process.onExit().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException | ExecutionException e) {
        process.destroyForcibly();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        running.forEach(ProcessHandle::destroyForcibly);
        return;
      }
    }
  }

  private static String commandLine(ProcessHandle process) {
    return process.info().commandLine().orElse("");
  }
}
