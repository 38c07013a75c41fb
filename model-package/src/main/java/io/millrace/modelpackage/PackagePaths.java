package io.millrace.modelpackage;

import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** Resolves paths named inside a package, and lets none lead out of it. */
final class PackagePaths {
  private PackagePaths() {}

  /**
   * The existing file of that relative path.
   *
   * @throws PackageException {@code UNSAFE_PATH} or {@code MISSING_FILE}
   */
  static Path resolve(Path root, String path, String namedBy) {
    boolean plain =
        !path.isEmpty()
            && !path.startsWith("/")
            && path.indexOf('\\') < 0
            && path.indexOf(':') < 0
            && path.indexOf('\0') < 0
            && List.of(path.split("/", -1)).stream()
                .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    if (!plain) {
      throw unsafe(path, namedBy);
    }
    try {
      Path file = root.resolve(path);
      if (!Files.isRegularFile(file)) {
        throw new PackageException(
            Code.MISSING_FILE,
            "the package %s has no file '%s', which %s names".formatted(root, path, namedBy));
      }
      if (!file.toRealPath().startsWith(root.toRealPath())) {
        throw unsafe(path, namedBy);
      }
      return file;
    } catch (InvalidPathException e) {
      throw unsafe(path, namedBy);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look up " + path + " in " + root, e);
    }
  }

  private static PackageException unsafe(String path, String namedBy) {
    return new PackageException(
        Code.UNSAFE_PATH,
        "%s names the path '%s', which is not a plain path inside the package"
            .formatted(namedBy, path));
  }
}
