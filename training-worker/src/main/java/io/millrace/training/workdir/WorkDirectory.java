package io.millrace.training.workdir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The folder in which a worker works. At start it ends the trainers that dead workers left running
 * and deletes their folders; those of living workers stay.
 */
@Component
public final class WorkDirectory {

  private static final Logger log = LoggerFactory.getLogger(WorkDirectory.class);
  private static final String WORKER = "worker.pid";
  static final String TRAINER = "trainer.pid";

  private final Path runs;

  WorkDirectory(WorkSettings settings) {
    Path root = settings.workDir().toAbsolutePath().normalize();
    this.runs = root.resolve("runs");
    try {
      Files.createDirectories(runs);
    } catch (IOException e) {
      throw new IllegalStateException(
          "the worker cannot use its folder %s; set millrace.training.work-dir to one it can write"
              .formatted(root),
          e);
    }
    cleanUpAfterDeadWorkers();
  }

  /** A new folder for an attempt at a run. */
  public RunDirectory open(String runId, int attempt) throws IOException {
    Path path =
        runs.resolve(
            "%s-%d-%s".formatted(runId, attempt, UUID.randomUUID().toString().substring(0, 8)));
    Files.createDirectory(path);
    Files.writeString(path.resolve(WORKER), ProcessNote.of(ProcessHandle.current()).text());
    RunDirectory directory = new RunDirectory(path);
    Files.createDirectory(directory.output());
    Files.createDirectory(directory.temporary());
    return directory;
  }

  private void cleanUpAfterDeadWorkers() {
    for (Path run : list(runs)) {
      Optional<ProcessNote> worker = note(run.resolve(WORKER));
      boolean alive = worker.flatMap(ProcessNote::running).isPresent();
      if (alive || (worker.isEmpty() && young(run))) {
        continue;
      }
      note(run.resolve(TRAINER))
          .flatMap(ProcessNote::running)
          .ifPresent(
              orphan -> {
                log.warn("ending trainer {} of a worker that died", orphan.pid());
                orphan.descendants().forEach(ProcessHandle::destroyForcibly);
                orphan.destroyForcibly();
              });
      log.info("deleting {} of a worker that died", run);
      delete(run);
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> found = Files.list(folder)) {
      return found.toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + folder, e);
    }
  }

  private static Optional<ProcessNote> note(Path file) {
    try {
      return ProcessNote.parse(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Too young to be left over: another worker may just be making it. */
  private static boolean young(Path path) {
    try {
      return System.currentTimeMillis() - Files.getLastModifiedTime(path).toMillis() < 600_000;
    } catch (IOException e) {
      return true;
    }
  }

  /** Deletes a folder as far as it can; what stays is tried again at the next start. */
  static void delete(Path path) {
    try {
      Files.walkFileTree(
          path,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
                throws IOException {
              Files.deleteIfExists(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      log.warn("{} could not be deleted whole: {}", path, e.toString());
    }
  }
}
