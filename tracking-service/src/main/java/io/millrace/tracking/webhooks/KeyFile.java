package io.millrace.tracking.webhooks;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/** The key in a file that only its owner can read, made once. */
final class KeyFile {

  private KeyFile() {}

  /** Reads the key, or makes the file with a new one; of two that make it at once one wins. */
  static String readOrMake(Path file) {
    Path absolute = file.toAbsolutePath();
    try {
      if (Files.notExists(absolute)) {
        make(absolute);
      }
      return Files.readString(absolute).strip();
    } catch (IOException e) {
      throw new IllegalStateException(
          "The key of the webhooks' secrets at %s cannot be read or written: %s"
              .formatted(absolute, e),
          e);
    }
  }

  private static void make(Path file) throws IOException {
    Path folder = file.getParent() == null ? file : file.getParent();
    Files.createDirectories(folder);
    FileAttribute<?>[] ownerOnly =
        Files.getFileStore(folder).supportsFileAttributeView("posix")
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    Path draft = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
    Files.createFile(draft, ownerOnly);
    try {
      Files.writeString(draft, SecretBox.newKey() + "\n", StandardOpenOption.WRITE);
      // A link, unlike a move, never replaces what another process wrote first.
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException anothers) {
      // The other's key counts; it is read next.
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
