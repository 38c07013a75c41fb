package io.millrace.artifacts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * Verified copies of artifacts on disk. An entry is a file or folder named by the SHA-256 of its
 * content; it appears and disappears by a rename, so it is whole or absent. Every copy is verified
 * each time it is handed out. Safe for many threads, of which one downloads an entry while the
 * others wait, and for processes that share the folder.
 */
public final class ArtifactCache {

  private static final Logger log = LoggerFactory.getLogger(ArtifactCache.class);
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final String DRAFT = ".draft-";

  /** Another process may be using what was handed out this recently. */
  private static final Duration GRACE = Duration.ofMinutes(10);

  /** A download that has written nothing for this long belongs to a process that was killed. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final ArtifactClient client;
  private final Path folder;
  private final long room;
  private final Map<String, Use> uses = new HashMap<>();

  /**
   * @param room bytes; the least recently used entries beyond it are deleted
   */
  public ArtifactCache(ArtifactClient client, Path folder, long room) {
    this.client = client;
    this.folder = folder.toAbsolutePath();
    this.room = room;
    deleteAbandonedDrafts();
  }

  /** Users of an entry in this process. Guarded by the map that holds it, except the lock. */
  private static final class Use {
    private final ReentrantLock lock = new ReentrantLock();
    private int users;
  }

  /** Keeps an entry, present or not, from being deleted until it is closed. */
  public final class Pin implements AutoCloseable {
    private final String sha256;
    private final Use use;
    private boolean closed;

    private Pin(String sha256) {
      this.sha256 = sha256;
      synchronized (uses) {
        use = uses.computeIfAbsent(sha256, digest -> new Use());
        use.users++;
      }
    }

    @Override
    public void close() {
      synchronized (uses) {
        if (!closed) {
          closed = true;
          if (--use.users == 0) {
            uses.remove(sha256);
          }
        }
      }
    }
  }

  /** A verified copy, which stays where it is until it is closed. */
  public static final class Copy<T> implements AutoCloseable {
    private final Pin pin;
    private final T content;

    private Copy(Pin pin, T content) {
      this.pin = pin;
      this.content = content;
    }

    /** What was opened. */
    public T content() {
      return content;
    }

    @Override
    public void close() {
      pin.close();
    }
  }

  /** Downloads an entry into a path where nothing is yet. */
  @FunctionalInterface
  public interface Fetch {
    void into(Path draft) throws IOException, InterruptedException;
  }

  /** Opens an entry and verifies it; any unchecked exception means that it is damaged. */
  @FunctionalInterface
  public interface Open<T> {
    T at(Path entry) throws IOException;
  }

  /** Pins an entry. */
  public Pin pin(String sha256) {
    return new Pin(sha256);
  }

  /**
   * A file.
   *
   * @param most bytes that are accepted
   * @throws ArtifactException if the content is absent, not the expected one, or unavailable
   * @throws UncheckedIOException if the copy cannot be written
   */
  public Copy<Path> file(ArtifactUri uri, String sha256, long most) throws InterruptedException {
    return entry(
        sha256,
        draft -> client.download(uri, sha256, most, draft),
        entry -> {
          if (!Sha256.of(entry).equals(sha256)) {
            throw new ArtifactCorrupt(entry + " is not the content with this SHA-256");
          }
          return entry;
        });
  }

  /**
   * An entry of any kind.
   *
   * @param sha256 names the entry
   * @param fetch called where there is no valid entry
   * @param open called for the entry that was present, and for one that was fetched
   * @throws UncheckedIOException if the copy cannot be written
   */
  public <T> Copy<T> entry(String sha256, Fetch fetch, Open<T> open) throws InterruptedException {
    if (!DIGEST.matcher(sha256).matches()) {
      throw new ArtifactCorrupt(
          "'%s' is not a SHA-256 of 64 lower-case hexadecimal digits".formatted(sha256));
    }
    Pin pin = pin(sha256);
    boolean handedOut = false;
    pin.use.lock.lockInterruptibly();
    try {
      Copy<T> copy = new Copy<>(pin, presentOrFetched(folder.resolve(sha256), fetch, open));
      handedOut = true;
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s cannot be written: %s; check disk space and permissions".formatted(folder, e), e);
    } finally {
      pin.use.lock.unlock();
      if (!handedOut) {
        pin.close();
      }
    }
  }

  private <T> T presentOrFetched(Path entry, Fetch fetch, Open<T> open)
      throws IOException, InterruptedException {
    if (Files.exists(entry)) {
      try {
        Files.setLastModifiedTime(entry, FileTime.from(Instant.now()));
        return open.at(entry);
      } catch (RuntimeException | IOException e) {
        log.warn("{} is damaged and is downloaded again: {}", entry, e.toString());
        delete(entry);
      }
    }
    Files.createDirectories(folder);
    Path draft = newDraft();
    try {
      fetch.into(draft);
      publish(draft, entry);
    } finally {
      deleteTree(draft);
    }
    T opened = open.at(entry);
    prune();
    return opened;
  }

  /** Renames a complete draft; another process may have published the same content first. */
  private static void publish(Path draft, Path entry) throws IOException {
    try {
      Files.move(draft, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.exists(entry)) {
        throw e;
      }
      log.debug("{} was published by another process", entry);
    }
  }

  private record Entry(Path path, Instant usedAt, long size) {}

  /** Deletes the least recently used entries until the rest fits, and abandoned drafts. */
  private void prune() {
    deleteAbandonedDrafts();
    List<Entry> entries = new ArrayList<>();
    for (Path path : list()) {
      if (!isDraft(path)) {
        entries.add(new Entry(path, usedAt(path), sizeOf(path)));
      }
    }
    entries.sort(Comparator.comparing(Entry::usedAt));
    long total = entries.stream().mapToLong(Entry::size).sum();
    Instant recent = Instant.now().minus(GRACE);
    for (Entry entry : entries) {
      if (total <= room || entry.usedAt().isAfter(recent)) {
        return;
      }
      if (deleteUnused(entry.path())) {
        total -= entry.size();
      }
    }
  }

  private boolean deleteUnused(Path entry) {
    synchronized (uses) {
      if (uses.containsKey(entry.getFileName().toString())) {
        return false;
      }
      return delete(entry);
    }
  }

  private void deleteAbandonedDrafts() {
    Instant longAgo = Instant.now().minus(ABANDONED);
    for (Path path : list()) {
      if (isDraft(path) && newest(path).isBefore(longAgo)) {
        deleteTree(path);
      }
    }
  }

  /** Renames an entry before its files go, so that no process ever sees a part of it. */
  private boolean delete(Path entry) {
    Path draft = newDraft();
    try {
      Files.move(entry, draft, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException deletedByOther) {
      return true;
    } catch (IOException e) {
      log.warn("{} could not be deleted: {}", entry, e.toString());
      return false;
    }
    deleteTree(draft);
    return true;
  }

  private Path newDraft() {
    return folder.resolve(DRAFT + UUID.randomUUID());
  }

  private static boolean isDraft(Path path) {
    return path.getFileName().toString().startsWith(DRAFT);
  }

  private List<Path> list() {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    } catch (NoSuchFileException notCreatedYet) {
      return List.of();
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} could not be listed: {}", folder, e.toString());
      return List.of();
    }
  }

  private static Instant usedAt(Path path) {
    try {
      return Files.getLastModifiedTime(path).toInstant();
    } catch (IOException deletedByOther) {
      return Instant.EPOCH;
    }
  }

  private static Instant newest(Path draft) {
    return files(draft).stream()
        .map(ArtifactCache::usedAt)
        .max(Comparator.naturalOrder())
        .orElse(Instant.now());
  }

  private static long sizeOf(Path entry) {
    return files(entry).stream().mapToLong(file -> file.toFile().length()).sum();
  }

  private static List<Path> files(Path tree) {
    try (Stream<Path> files = Files.walk(tree)) {
      return files.toList();
    } catch (IOException | UncheckedIOException deletedByOther) {
      return List.of();
    }
  }

  private static void deleteTree(Path tree) {
    try {
      FileSystemUtils.deleteRecursively(tree);
    } catch (IOException e) {
      log.warn("{} could not be deleted: {}", tree, e.toString());
    }
  }
}
