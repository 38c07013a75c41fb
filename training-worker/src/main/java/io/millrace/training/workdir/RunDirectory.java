package io.millrace.training.workdir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder of one attempt at one run, deleted when it is closed.
 *
 * @param path the folder
 */
public record RunDirectory(Path path) implements AutoCloseable {

  /** What the trainer is to do. */
  public Path job() {
    return path.resolve("job.json");
  }

  /** The data. */
  public Path dataset() {
    return path.resolve("dataset.csv");
  }

  /**
   * Puts a cached file there as the data. A hard link where the file system has them, so that the
   * cache may delete its own.
   */
  public void provideDataset(Path cached) throws IOException {
    try {
      Files.createLink(dataset(), cached);
    } catch (UnsupportedOperationException | IOException noLinks) {
      Files.copy(cached, dataset());
    }
  }

  /** Where the trainer writes. */
  public Path output() {
    return path.resolve("output");
  }

  /** Where the trainer's output streams go. */
  public Path log() {
    return path.resolve("trainer.log");
  }

  /** For the trainer's temporary files. */
  public Path temporary() {
    return path.resolve("tmp");
  }

  /** Notes the trainer's process, by which it is found if this worker dies. */
  public void note(ProcessHandle trainer) throws IOException {
    Files.writeString(path.resolve(WorkDirectory.TRAINER), ProcessNote.of(trainer).text());
  }

  @Override
  public void close() {
    WorkDirectory.delete(path);
  }
}
