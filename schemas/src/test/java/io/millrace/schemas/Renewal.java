package io.millrace.schemas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Generated files that are committed: renewed on request, compared otherwise. */
final class Renewal {
  static final String COMMAND = "./mvnw -pl schemas test -Dmillrace.update=true";

  private Renewal() {}

  static boolean asked() {
    return Boolean.getBoolean("millrace.update");
  }

  /** Writes the text where the build was asked to. */
  static void write(Path file, String text) throws IOException {
    if (asked()) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
  }
}
