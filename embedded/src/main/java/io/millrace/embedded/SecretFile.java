package io.millrace.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * A small properties file of generated credentials that only its owner can read (mode 0600),
 * written once and then kept.
 */
final class SecretFile {

  private static final SecureRandom RANDOM = new SecureRandom();

  private SecretFile() {}

  /** Reads the file, or writes it with these values if there is none yet. */
  static Map<String, String> readOrCreate(Path file, Map<String, String> ifAbsent) {
    try {
      if (Files.notExists(file)) {
        Files.createDirectories(file.getParent());
        create(file, ifAbsent);
      }
      Properties read = new Properties();
      read.load(new StringReader(Files.readString(file)));
      Map<String, String> values = new TreeMap<>();
      for (String name : ifAbsent.keySet()) {
        String value = read.getProperty(name);
        if (value == null || value.isBlank()) {
          throw new EmbeddedStartException(
              "The credentials file %s has no value for \"%s\": restore the file from a backup."
                  .formatted(file, name));
        }
        values.put(name, value);
      }
      return values;
    } catch (IOException e) {
      throw new EmbeddedStartException(
          "The credentials file %s cannot be read or written: %s. Check its owner and rights."
              .formatted(file, e),
          e);
    }
  }

  /** 144 random bits, safe in a URL, a properties file and a shell. */
  static String random() {
    byte[] bits = new byte[18];
    RANDOM.nextBytes(bits);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits).replace('-', 'x');
  }

  private static void create(Path file, Map<String, String> values) throws IOException {
    StringBuilder text =
        new StringBuilder("# Generated once. Keep it with the data: it is the only copy.\n");
    new TreeMap<>(values)
        .forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    Path draft =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + random());
    FileAttribute<?>[] ownerOnly =
        Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    Files.createFile(draft, ownerOnly);
    try {
      Files.writeString(draft, text, UTF_8, StandardOpenOption.WRITE);
      // A link, unlike a move, never replaces what another process wrote first.
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException e) {
      // The other's values count; they are read next.
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
