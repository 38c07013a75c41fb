package io.millrace.artifacts.packages;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactException;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Model packages: the manifest must have the expected SHA-256, every other file the one that the
 * manifest names.
 */
public final class ModelPackages {

  /** Longest manifest that is read, in bytes. */
  public static final long LONGEST_MANIFEST = 16L << 20;

  private static final int PARALLEL = 8;

  private final ArtifactClient client;
  private final ArtifactCache cache;

  public ModelPackages(ArtifactClient client, ArtifactCache cache) {
    this.client = client;
    this.cache = cache;
  }

  /**
   * A package, downloaded unless the cache has it, and verified file by file.
   *
   * @param uri its folder, {@code mlflow-artifacts:/...}
   * @param sha256 of its manifest
   * @param most bytes of all its files that are accepted
   * @throws ArtifactException if it cannot be downloaded
   * @throws PackageException if it is downloaded but must not be used
   * @throws java.io.UncheckedIOException if the copy cannot be written
   */
  public ArtifactCache.Copy<ModelPackage> open(String uri, String sha256, long most)
      throws InterruptedException {
    ArtifactUri.Proxied folder = ArtifactUri.Proxied.parse(uri);
    return cache.entry(
        sha256, draft -> download(folder, sha256, most, draft), entry -> open(entry, sha256));
  }

  /** Keeps a package in the cache, present or not, until the pin is closed. */
  public ArtifactCache.Pin pin(String sha256) {
    return cache.pin(sha256);
  }

  private static ModelPackage open(Path entry, String sha256) {
    ModelPackage opened = ModelPackage.open(entry);
    if (!opened.sha256().equals(sha256)) {
      throw new PackageException(
          Code.CORRUPT_FILE,
          "%s has not the SHA-256 %s".formatted(ModelPackage.MANIFEST_FILE, sha256));
    }
    return opened;
  }

  private void download(ArtifactUri.Proxied folder, String sha256, long most, Path draft)
      throws IOException, InterruptedException {
    Files.createDirectory(draft);
    Path manifestFile = draft.resolve(ModelPackage.MANIFEST_FILE);
    client.download(
        folder.resolve(ModelPackage.MANIFEST_FILE), sha256, LONGEST_MANIFEST, manifestFile);
    Manifest manifest = ModelPackage.readManifest(manifestFile);
    long size = manifest.files().stream().mapToLong(Manifest.FileEntry::size).sum();
    if (size > most) {
      throw new PackageException(
          Code.UNSUPPORTED,
          "package %s has %d bytes, more than the %d that are accepted"
              .formatted(folder, size, most));
    }
    try (ExecutorService downloads =
        Executors.newFixedThreadPool(PARALLEL, Thread.ofVirtual().factory())) {
      try {
        List<Future<Path>> running = new ArrayList<>();
        for (Manifest.FileEntry file : manifest.files()) {
          Path to = inside(draft, file.path());
          Files.createDirectories(to.getParent());
          running.add(
              downloads.submit(
                  () -> {
                    client.download(folder.resolve(file.path()), file.sha256(), file.size(), to);
                    return to;
                  }));
        }
        for (Future<Path> each : running) {
          join(each);
        }
      } finally {
        downloads.shutdownNow();
      }
    }
  }

  private static void join(Future<?> download) throws InterruptedException {
    try {
      download.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case InterruptedException interrupted -> throw interrupted;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static Path inside(Path root, String path) {
    Path file = root.resolve(path).normalize();
    if (!file.startsWith(root)
        || file.equals(root)
        || file.equals(root.resolve(ModelPackage.MANIFEST_FILE))
        || path.indexOf('\\') >= 0) {
      throw new PackageException(
          Code.UNSAFE_PATH,
          "%s names the path '%s', which leads out of the package"
              .formatted(ModelPackage.MANIFEST_FILE, path));
    }
    return file;
  }
}
