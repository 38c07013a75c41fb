package io.millrace.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Files of a dataset on this machine, with their digests. */
final class LocalFiles {

  /** Where a pull keeps what is not whole; never part of a dataset. */
  static final String PARTS_FOLDER = ".millrace-parts";

  private static final int CHUNK = 1 << 20;

  private LocalFiles() {}

  /**
   * A file.
   *
   * @param path in the dataset, with slashes
   * @param file where it is here
   * @param sha256 of its bytes
   */
  record LocalFile(String path, Path file, long size, String sha256) {}

  /**
   * The files of a folder, or the one file, in order of their paths. Links are followed; what a
   * pull left half is not looked at.
   */
  static List<Path> below(Path folderOrFile) {
    if (Files.isRegularFile(folderOrFile)) {
      return List.of(folderOrFile);
    }
    if (!Files.isDirectory(folderOrFile)) {
      throw new CliFailure("There is no " + folderOrFile.toAbsolutePath() + ". Is the path right?");
    }
    try (var found = Files.walk(folderOrFile, java.nio.file.FileVisitOption.FOLLOW_LINKS)) {
      return found
          .filter(Files::isRegularFile)
          .filter(file -> !folderOrFile.relativize(file).startsWith(PARTS_FOLDER))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new CliFailure("Cannot read " + folderOrFile.toAbsolutePath() + ": " + e.getMessage());
    }
  }

  /** Hashes files, several at a time. */
  static List<LocalFile> hashed(
      Path folderOrFile, List<Path> files, int parallel, TransferProgress progress) {
    List<Future<LocalFile>> hashing = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(parallel)) {
      for (Path file : files) {
        hashing.add(
            threads.submit(
                () -> {
                  String path =
                      Files.isDirectory(folderOrFile)
                          ? folderOrFile.relativize(file).toString().replace('\\', '/')
                          : file.getFileName().toString();
                  return new LocalFile(path, file, Files.size(file), sha256(file, progress));
                }));
      }
      List<LocalFile> hashed = new ArrayList<>();
      for (Future<LocalFile> one : hashing) {
        hashed.add(one.get());
      }
      return hashed;
    } catch (ExecutionException e) {
      throw new CliFailure("Cannot read the files: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    }
  }

  static String sha256(Path file, TransferProgress progress) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[CHUNK];
      for (int read; (read = in.read(buffer)) >= 0; ) {
        digest.update(buffer, 0, read);
        progress.add(read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
