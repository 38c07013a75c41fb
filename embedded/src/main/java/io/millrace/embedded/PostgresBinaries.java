package io.millrace.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** The PostgreSQL programs of this machine's platform, unpacked once from the class path. */
final class PostgresBinaries {

  private PostgresBinaries() {}

  /**
   * Unpacks below the directory unless that was done before. Safe against a crash half way and
   * against others doing the same: the folder appears complete or not at all.
   *
   * @return the folder that has {@code bin/}, {@code lib/} and {@code share/}
   */
  static Path unpackedIn(Path directory) {
    URL archive = archive();
    try {
      URLConnection connection = archive.openConnection();
      String version =
          connection instanceof JarURLConnection jar
              ? Long.toHexString(jar.getJarEntry().getCrc())
              : Long.toHexString(connection.getContentLengthLong());
      Path home = directory.resolve("postgresql-" + version);
      if (Files.isDirectory(home)) {
        return home.toRealPath();
      }
      Files.createDirectories(directory);
      Path draft = Files.createTempDirectory(directory, "unpacking-");
      try (InputStream in = connection.getInputStream()) {
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwxr-xr-x"));
        unpack(in, draft);
        Files.move(draft, home);
      } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
        // Another process was faster.
      } finally {
        delete(draft);
      }
      return home.toRealPath();
    } catch (IOException e) {
      throw new EmbeddedStartException(
          "The PostgreSQL programs could not be unpacked into %s: %s. Check the free space and the rights of the directory."
              .formatted(directory, e),
          e);
    }
  }

  /** Deletes a directory with everything in it; what is gone already is no error. */
  static void delete(Path directory) throws IOException {
    if (Files.notExists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
              throws IOException {
            Files.deleteIfExists(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static URL archive() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    boolean arm = machine.equals("aarch64") || machine.equals("arm64");
    String name =
        (system.contains("mac") ? "postgres-darwin-" : "postgres-linux-")
            + (arm ? "arm_64" : "x86_64")
            + ".txz";
    URL found = PostgresBinaries.class.getResource("/" + name);
    if (found == null) {
      throw new EmbeddedStartException(
          "There is no PostgreSQL for %s on %s here (%s is not on the class path): the build packs only the programs of the machine it runs on, so build on this kind of machine, or set the addresses of an external PostgreSQL."
              .formatted(system, machine, name));
    }
    return found;
  }

  private static void unpack(InputStream in, Path target) throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(in, 1 << 16)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("entry outside of the archive: " + entry.getName());
        }
        if (isForDevelopers(entry.getName())) {
          continue;
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
        } else {
          Files.createDirectories(path.getParent());
          if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
          } else {
            Files.copy(tar, path);
            boolean program = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                path, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
          }
        }
      }
    }
  }

  private static boolean isForDevelopers(String name) {
    return name.endsWith(".a") || name.contains("/pkgconfig/") || name.startsWith("include/");
  }
}
