package io.millrace.training.process;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/** The command line of a trainer: the worker's own Java with the trainer's jar or class path. */
@Component
public final class TrainerCommand {

  private static final long SMALLEST_HEAP_MB = 32;

  private final TrainerSettings settings;

  TrainerCommand(TrainerSettings settings) {
    this.settings = settings;
  }

  /**
   * The command for a memory limit.
   *
   * @param memoryBytes most heap
   * @param temporary folder for temporary files
   * @throws IllegalStateException if no trainer is found
   */
  List<String> with(long memoryBytes, Path temporary) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + Math.max(SMALLEST_HEAP_MB, memoryBytes >> 20) + "m");
    command.add("-XX:+UseSerialGC");
    command.add("-Xshare:auto");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Djava.io.tmpdir=" + temporary);
    if (settings.aotCache() != null) {
      command.add("-XX:AOTCache=" + settings.aotCache());
    }
    if (!settings.trainerClassPath().isEmpty()) {
      command.addAll(List.of("-cp", settings.trainerClassPath(), settings.trainerMain()));
    } else {
      command.addAll(List.of("-jar", jar().toString()));
    }
    return command;
  }

  /** Where a trainer is found, or why not, in words. */
  public String describe() {
    return settings.trainerClassPath().isEmpty() ? jar().toString() : settings.trainerMain();
  }

  private Path jar() {
    Path set = settings.trainerJar();
    if (set != null) {
      if (!Files.isRegularFile(set)) {
        throw new IllegalStateException(
            "millrace.training.trainer-jar is %s, which is not a file".formatted(set));
      }
      return set.toAbsolutePath();
    }
    Path beside = ownFolder();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(beside, "trainers*.jar")) {
      for (Path jar : found) {
        return jar;
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot look for the trainer's jar in " + beside, e);
    }
    throw new IllegalStateException(
        "there is no trainers*.jar in %s; set millrace.training.trainer-jar to it"
            .formatted(beside));
  }

  private static Path ownFolder() {
    try {
      Path own =
          Path.of(TrainerCommand.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = own.getParent();
      return folder == null ? Path.of(File.separator) : folder;
    } catch (URISyntaxException e) {
      throw new IllegalStateException("cannot tell where the worker's own jar is", e);
    }
  }
}
