package io.millrace.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory that exists, can be written, and is held by one owner at a time through an operating
 * system lock, which ends with the process however it ends.
 */
final class DataDirectory implements AutoCloseable {

  /** Less than this and a broker or database soon fails in the middle of a write. */
  private static final long LEAST_FREE_BYTES = 200L << 20;

  // POSIX drops a process's lock when it closes any descriptor of the file, so this JVM must never
  // open a held file again.
  private static final Set<Path> HELD_BY_THIS_JVM = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final Path lockFile;
  private final FileChannel channel;
  private final FileLock lock;

  private DataDirectory(Path path, Path lockFile, FileChannel channel, FileLock lock) {
    this.path = path;
    this.lockFile = lockFile;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * @param holder what is locked: each part of the platform has its own lock, so that they can run
   *     as separate processes
   * @throws EmbeddedStartException if it cannot be written, is full, or is held by another
   */
  static DataDirectory hold(Path directory, String holder) {
    Path path = createWritable(directory);
    requireSpace(path);
    Path lockFile = path.resolve(holder + ".lock");
    if (!HELD_BY_THIS_JVM.add(lockFile)) {
      throw inUse(path, holder, Long.toString(ProcessHandle.current().pid()));
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              lockFile,
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(path, holder, Files.readString(lockFile).strip());
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(UTF_8)));
      return new DataDirectory(path, lockFile, channel, lock);
    } catch (IOException | RuntimeException e) {
      closeQuietly(channel);
      HELD_BY_THIS_JVM.remove(lockFile);
      if (e instanceof EmbeddedStartException refused) {
        throw refused;
      }
      throw new EmbeddedStartException(
          "The lock file %s cannot be used: %s. Check the rights of the directory."
              .formatted(lockFile, e),
          e);
    }
  }

  /** Whether a live process, this one included, holds the directory. */
  static boolean isHeld(Path directory, String holder) {
    try (DataDirectory _ = hold(directory, holder)) {
      return false;
    } catch (EmbeddedStartException e) {
      return true;
    }
  }

  /** Creates a directory, private to this account, below the held one. */
  Path child(String name) {
    Path child = path.resolve(name);
    try {
      Files.createDirectories(child);
      if (Files.getFileStore(child).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(child, PosixFilePermissions.fromString("rwx------"));
      }
      return child;
    } catch (IOException e) {
      throw notWritable(child, e);
    }
  }

  Path path() {
    return path;
  }

  /** The lock's file; it belongs to the account of the holder. */
  Path lockFile() {
    return lockFile;
  }

  @Override
  public void close() {
    if (HELD_BY_THIS_JVM.contains(lockFile)) {
      try {
        channel.truncate(0);
        lock.release();
      } catch (IOException e) {
        // Closing the channel releases it too.
      }
      closeQuietly(channel);
      HELD_BY_THIS_JVM.remove(lockFile);
    }
  }

  private static Path createWritable(Path directory) {
    try {
      boolean fresh = Files.notExists(directory);
      Files.createDirectories(directory);
      if (fresh && Files.getFileStore(directory).supportsFileAttributeView("posix")) {
        // Others may pass through, because PostgreSQL may run as another account, but not look
        // around.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
      }
      if (!Files.isWritable(directory)) {
        throw notWritable(directory, null);
      }
      return directory.toRealPath();
    } catch (IOException e) {
      throw notWritable(directory, e);
    }
  }

  private static void requireSpace(Path directory) {
    try {
      long free = Files.getFileStore(directory).getUsableSpace();
      if (free < LEAST_FREE_BYTES) {
        throw new EmbeddedStartException(
            "The disk of %s has only %d MB free and the platform needs at least %d MB. Free some space or choose another data directory."
                .formatted(directory, free >> 20, LEAST_FREE_BYTES >> 20));
      }
    } catch (IOException e) {
      throw notWritable(directory, e);
    }
  }

  private static EmbeddedStartException notWritable(Path directory, @Nullable IOException cause) {
    return new EmbeddedStartException(
        "The data directory %s cannot be written by the account %s%s. Give it the right to, or choose another directory."
            .formatted(
                directory,
                System.getProperty("user.name"),
                cause == null ? "" : " (" + cause + ")"),
        cause);
  }

  private static EmbeddedStartException inUse(Path directory, String holder, String pid) {
    return new EmbeddedStartException(
        "The data directory %s is in use by process %s (%s): stop that process, or choose another data directory."
            .formatted(directory, pid.isEmpty() ? "of another account" : pid, holder));
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // Nothing was written that matters.
      }
    }
  }
}
