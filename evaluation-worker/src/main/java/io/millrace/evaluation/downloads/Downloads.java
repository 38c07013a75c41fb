package io.millrace.evaluation.downloads;

import io.millrace.evaluation.downloads.Unobtainable.Reason;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Verified copies by content: what was downloaded once is not downloaded again while there is room.
 * Every copy is verified each time it is handed out. Safe for many threads and for workers that
 * share the directory.
 */
@Component
public class Downloads {
  private static final Logger log = LoggerFactory.getLogger(Downloads.class);
  private static final long LARGEST_MANIFEST = 16L << 20;

  /** Another worker may be about to open what was used this recently. */
  private static final Duration GRACE = Duration.ofMinutes(10);

  private final ArtifactClient client;
  private final Path folder;
  private final long room;
  private final Map<String, Integer> inUse = new HashMap<>();

  Downloads(ArtifactClient client, DownloadSettings settings) {
    this.client = client;
    this.folder = settings.folder();
    this.room = settings.size().toBytes();
  }

  /** A copy that stays where it is until it is closed. */
  public final class Copy<T> implements AutoCloseable {
    private final String name;
    private final T content;

    private Copy(String name, T content) {
      this.name = name;
      this.content = content;
    }

    public T content() {
      return content;
    }

    @Override
    public void close() {
      release(name);
    }
  }

  /**
   * A model package, opened and verified down to each file's SHA-256.
   *
   * @throws Unobtainable where it is not there or not what it should be
   */
  public Copy<ModelPackage> modelPackage(StoredFile stored) throws InterruptedException {
    return copy(
        "package-" + stored.sha256(), into -> fetchPackage(stored, into), at -> open(stored, at));
  }

  /**
   * The CSV file of a dataset version.
   *
   * @throws Unobtainable where it is not there or not what it should be
   */
  public Copy<Path> dataset(String name, int version, StoredFile stored)
      throws InterruptedException {
    return copy(
        "dataset-" + stored.sha256(),
        into ->
            client.download(
                client.dataset(name, version),
                into.resolve("content.csv"),
                stored.sha256(),
                stored.size()),
        at -> verified(at.resolve("content.csv"), stored));
  }

  /** Stores a document in the folder above a package, so beside the run's other artifacts. */
  public void uploadBeside(StoredFile modelPackage, String name, String content)
      throws IOException, InterruptedException {
    String uri = modelPackage.uri().replaceAll("/+$", "");
    client.upload(
        client.artifact(uri.substring(0, uri.lastIndexOf('/')), name),
        content.getBytes(StandardCharsets.UTF_8),
        "application/json");
  }

  @FunctionalInterface
  private interface Fetch {
    void into(Path directory) throws InterruptedException;
  }

  @FunctionalInterface
  private interface Open<T> {
    T at(Path directory);
  }

  private <T> Copy<T> copy(String name, Fetch fetch, Open<T> open) throws InterruptedException {
    hold(name);
    boolean handedOut = false;
    try {
      Path directory = folder.resolve(name);
      if (Files.isDirectory(directory)) {
        try {
          Copy<T> known = new Copy<>(name, open.at(directory));
          Files.setLastModifiedTime(directory, FileTime.from(Instant.now()));
          handedOut = true;
          return known;
        } catch (Unobtainable | UncheckedIOException damaged) {
          log.warn("The copy {} is damaged and fetched again: {}", name, damaged.getMessage());
          delete(directory);
        }
      }
      Files.createDirectories(folder);
      Path fresh = Files.createDirectory(folder.resolve("new-" + UUID.randomUUID()));
      try {
        fetch.into(fresh);
        move(fresh, directory);
      } finally {
        delete(fresh);
      }
      Copy<T> fetched = new Copy<>(name, open.at(directory));
      handedOut = true;
      makeRoom();
      return fetched;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The copies in " + folder + " cannot be written: " + e + "; see disk space and rights.",
          e);
    } finally {
      if (!handedOut) {
        release(name);
      }
    }
  }

  private void fetchPackage(StoredFile stored, Path into) throws InterruptedException {
    Path manifestFile = into.resolve(ModelPackage.MANIFEST_FILE);
    client.download(
        client.artifact(stored.uri(), ModelPackage.MANIFEST_FILE),
        manifestFile,
        stored.sha256(),
        -LARGEST_MANIFEST);
    for (Manifest.FileEntry entry : manifest(stored, manifestFile).files()) {
      Path file = into.resolve(entry.path()).normalize();
      if (!file.startsWith(into) || file.equals(into) || entry.path().contains("\\")) {
        throw new Unobtainable(
            Reason.CORRUPT,
            "The manifest of %s names '%s', which leads out of the package."
                .formatted(stored.uri(), entry.path()));
      }
      try {
        Files.createDirectories(file.getParent());
      } catch (IOException e) {
        throw new UncheckedIOException("cannot create " + file.getParent(), e);
      }
      client.download(
          client.artifact(stored.uri(), entry.path()), file, entry.sha256(), entry.size());
    }
  }

  private static Manifest manifest(StoredFile stored, Path file) {
    try {
      return ModelPackage.readManifest(file);
    } catch (PackageException e) {
      throw new Unobtainable(Reason.CORRUPT, stored.uri() + ": " + e.getMessage());
    }
  }

  private static ModelPackage open(StoredFile stored, Path directory) {
    try {
      ModelPackage opened = ModelPackage.open(directory);
      if (!opened.sha256().equals(stored.sha256())) {
        throw new Unobtainable(
            Reason.CORRUPT, directory + " is not the package " + stored.sha256());
      }
      return opened;
    } catch (PackageException e) {
      throw new Unobtainable(Reason.CORRUPT, stored.uri() + ": " + e.getMessage());
    }
  }

  private static Path verified(Path file, StoredFile stored) {
    MessageDigest digest = ArtifactClient.sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
    if (!HexFormat.of().formatHex(digest.digest()).equals(stored.sha256())) {
      throw new Unobtainable(Reason.CORRUPT, file + " is not the content " + stored.sha256());
    }
    return file;
  }

  /** Another worker or thread may have put the same content there first, which is as good. */
  private static void move(Path fresh, Path directory) throws IOException {
    try {
      Files.move(fresh, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Which of its kinds says that the target is not empty differs between file systems.
      if (!Files.isDirectory(directory)) {
        throw e;
      }
      log.debug("{} is there already", directory);
    }
  }

  private record Kept(Path directory, Instant usedAt, long size) {}

  /** Deletes the copies not used for longest, until the rest fits. */
  private void makeRoom() {
    try {
      List<Kept> kept = new ArrayList<>();
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path entry : entries.filter(Files::isDirectory).toList()) {
          kept.add(new Kept(entry, Files.getLastModifiedTime(entry).toInstant(), sizeOf(entry)));
        }
      }
      kept.sort(Comparator.comparing(Kept::usedAt));
      long total = kept.stream().mapToLong(Kept::size).sum();
      Instant recent = Instant.now().minus(GRACE);
      for (Kept oldest : kept) {
        if (total <= room) {
          return;
        }
        synchronized (inUse) {
          if (!inUse.containsKey(oldest.directory().getFileName().toString())
              && oldest.usedAt().isBefore(recent)) {
            delete(oldest.directory());
            total -= oldest.size();
          }
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // Another worker tidies up at the same time, or will.
      log.debug("not tidied up: {}", folder, e);
    }
  }

  private void hold(String name) {
    synchronized (inUse) {
      inUse.merge(name, 1, Integer::sum);
    }
  }

  private void release(String name) {
    synchronized (inUse) {
      inUse.computeIfPresent(name, (_, users) -> users == 1 ? null : users - 1);
    }
  }

  private static long sizeOf(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      long size = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        size += Files.size(file);
      }
      return size;
    }
  }

  private static void delete(Path directory) throws IOException {
    if (Files.notExists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      log.debug("deleted by another worker: {}", directory);
    }
  }
}
