package io.millrace.schemas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Generated files that are committed: renewed on request, compared otherwise. */
final class Renewal {
  static final String COMMAND = "./mvnw -pl schemas test -Dmillrace.update=true";

  private Renewal() {}

  static boolean asked() {
    return Boolean.getBoolean("millrace.update");
  }

  /**
   * Adds today's schemas to the catalogue where the build was asked to; before anything reads it.
   */
  static synchronized void catalogue(Path sources) throws IOException {
    if (!asked() || new CatalogueFiles(sources).update(Topics.all()).isEmpty()) {
      return;
    }
    // The class path of this build was filled before.
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = Path.of("target/classes/schemas").resolve(sources.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.write(copy, Files.readAllBytes(file));
      }
    }
  }

  /** Writes the text where the build was asked to. */
  static void write(Path file, String text) throws IOException {
    if (asked()) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
  }
}
