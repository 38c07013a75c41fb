package io.millrace.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The account PostgreSQL runs as, since it refuses to be root. Not root: this one. Root: still
 * itself, but in a user namespace where it has no rights ({@code unshare}), or, where those are
 * forbidden as in many containers, the account {@code nobody} ({@code setpriv}). A directory that
 * already belongs to another account is used as that account.
 */
sealed interface PostgresAccount {

  /** How to start a program as this account. */
  List<String> command(List<String> command);

  /** Makes a directory and all in it this account's own. */
  default void own(Path directory) throws IOException {}

  /** The account that started this JVM, which is not root. */
  record Self() implements PostgresAccount {
    @Override
    public List<String> command(List<String> command) {
      return command;
    }
  }

  /** Root without its rights. */
  record RootInNamespace() implements PostgresAccount {
    @Override
    public List<String> command(List<String> command) {
      return prefixed(List.of("unshare", "-U"), command);
    }
  }

  /** Another account, which root turns into. */
  record Other(int uid, int gid) implements PostgresAccount {
    @Override
    public List<String> command(List<String> command) {
      return prefixed(
          List.of("setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups"), command);
    }

    @Override
    public void own(Path directory) throws IOException {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              return take(file);
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
                throws IOException {
              return take(visited);
            }
          });
    }

    private FileVisitResult take(Path path) throws IOException {
      Files.setAttribute(path, "unix:gid", gid, java.nio.file.LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(path, "unix:uid", uid, java.nio.file.LinkOption.NOFOLLOW_LINKS);
      return FileVisitResult.CONTINUE;
    }
  }

  /**
   * Chooses the account for a database directory.
   *
   * @param database the database's directory, which exists
   * @param self a file that this process made, whose owner is therefore this process's account
   */
  static PostgresAccount of(Path database, Path self) throws IOException {
    int me = uid(self);
    int owner = uid(database);
    if (me != 0) {
      if (owner != me) {
        throw new EmbeddedStartException(
            "The database directory %s belongs to the account with id %d and this process runs as %d: run as that account, or give it the directory (chown -R)."
                .formatted(database, owner, me));
      }
      return new Self();
    }
    if (owner != 0) {
      return new Other(owner, (int) Files.getAttribute(database, "unix:gid"));
    }
    if (succeeds("unshare", "-U", "true")) {
      return new RootInNamespace();
    }
    if (succeeds("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true")) {
      return new Other(65_534, 65_534);
    }
    throw new EmbeddedStartException(
        "PostgreSQL refuses to run as root, and neither unshare (user namespaces) nor setpriv works here: start as an ordinary account.");
  }

  private static int uid(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid");
  }

  private static boolean succeeds(String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static List<String> prefixed(List<String> prefix, List<String> command) {
    List<String> whole = new ArrayList<>(prefix);
    whole.addAll(command);
    return whole;
  }
}
