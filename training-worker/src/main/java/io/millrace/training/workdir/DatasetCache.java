package io.millrace.training.workdir;

import io.millrace.training.services.Artifacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Datasets by their SHA-256, downloaded once. A run gets a hard link of its own, so the cache may
 * drop a dataset that is in use.
 */
@Component
public final class DatasetCache {

  static final String DRAFT = ".draft";
  private static final Logger log = LoggerFactory.getLogger(DatasetCache.class);

  private final Path folder;
  private final long most;
  private final Artifacts artifacts;
  private final ConcurrentHashMap<String, ReentrantLock> locks = new ConcurrentHashMap<>();

  DatasetCache(WorkDirectory directory, WorkSettings settings, Artifacts artifacts) {
    this.folder = directory.datasets();
    this.most = settings.datasetCache().toBytes();
    this.artifacts = artifacts;
  }

  /** Puts the content of a dataset version, checked, at a path. */
  public void provide(String dataset, int version, String sha256, Path at)
      throws IOException, InterruptedException {
    ReentrantLock lock = locks.computeIfAbsent(sha256, digest -> new ReentrantLock());
    lock.lockInterruptibly();
    try {
      Path cached = folder.resolve(sha256 + ".csv");
      if (Files.exists(cached) && !Artifacts.sha256(cached).equals(sha256)) {
        log.warn("{} is damaged and is fetched again", cached);
        Files.deleteIfExists(cached);
      }
      if (Files.notExists(cached)) {
        fetch(dataset, version, sha256, cached);
      }
      Files.setLastModifiedTime(cached, FileTime.from(Instant.now()));
      link(cached, at);
    } finally {
      lock.unlock();
    }
    evict(sha256);
  }

  private void fetch(String dataset, int version, String sha256, Path cached)
      throws IOException, InterruptedException {
    Path draft = folder.resolve(sha256 + "." + UUID.randomUUID() + DRAFT);
    try {
      artifacts.download(dataset, version, sha256, draft);
      Files.move(draft, cached, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static void link(Path cached, Path at) throws IOException {
    try {
      Files.createLink(at, cached);
    } catch (UnsupportedOperationException | IOException noLinks) {
      Files.copy(cached, at);
    }
  }

  private void evict(String keep) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(folder)) {
      files = found.filter(file -> file.toString().endsWith(".csv")).toList();
    }
    long total = 0;
    for (Path file : files) {
      total += file.toFile().length();
    }
    List<Path> oldestFirst =
        files.stream()
            .filter(file -> !file.getFileName().toString().startsWith(keep))
            .sorted(Comparator.comparingLong(file -> file.toFile().lastModified()))
            .toList();
    for (Path file : oldestFirst) {
      if (total <= most) {
        return;
      }
      total -= file.toFile().length();
      Files.deleteIfExists(file);
    }
  }
}
