package io.millrace.inference.models;

import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import io.millrace.modelpackage.PackageException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Packages fetched from the artifact service, one folder each, named by the SHA-256 of the
 * manifest. A folder appears whole or not at all, and is verified on every opening. Safe for many
 * threads and for several processes over one folder.
 */
@Component
class PackageStore {

  private static final Logger log = LoggerFactory.getLogger(PackageStore.class);
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final long MANIFEST_LIMIT = 16L << 20;
  private static final int PARALLEL = 8;
  private static final String UNFINISHED = ".fetching-";
  private static final Duration ABANDONED = Duration.ofHours(6);

  private final Path directory;
  private final URI artifacts;
  private final long limit;
  private final int kept;
  private final Semaphore downloads = new Semaphore(PARALLEL);
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  PackageStore(ServingSettings settings, @Value("${millrace.artifact.uri}") URI artifacts) {
    this.directory = settings.modelDir().toAbsolutePath();
    this.limit = settings.maxPackageSize().toBytes();
    this.kept = settings.keepPackages();
    this.artifacts = artifacts;
  }

  /**
   * The verified package with that manifest, fetched where it is not here yet.
   *
   * @param uri where the package is, `mlflow-artifacts:/...`
   * @param sha256 SHA-256 of its manifest
   * @throws PackageUnavailable where it cannot be fetched now
   * @throws PackageException where it is there but must not be used
   */
  ModelPackage fetch(String uri, String sha256) throws PackageUnavailable, InterruptedException {
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new PackageException(
          Code.UNREADABLE,
          "the reference to package " + uri + " has no SHA-256 of 64 hexadecimal digits");
    }
    Path home = directory.resolve(sha256);
    if (Files.isDirectory(home)) {
      try {
        ModelPackage present = open(home, sha256);
        Files.setLastModifiedTime(home, FileTime.from(Instant.now()));
        return present;
      } catch (PackageException | UncheckedIOException | IOException e) {
        log.warn("Fetched package {} is damaged and is fetched again: {}", home, e.getMessage());
        delete(home);
      }
    }
    Path unfinished = directory.resolve(UNFINISHED + sha256 + "-" + UUID.randomUUID());
    try {
      Files.createDirectories(unfinished);
      download(uri, sha256, unfinished);
      open(unfinished, sha256);
      try {
        Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.isDirectory(home)) {
          throw e;
        }
        log.debug("Package {} was fetched by another at the same time", sha256);
      }
      return open(home, sha256);
    } catch (IOException e) {
      throw new PackageUnavailable(
          "package %s cannot be stored in %s: %s; check space and permissions of millrace.inference.model-dir"
              .formatted(uri, directory, e),
          e);
    } finally {
      delete(unfinished);
    }
  }

  /** Deletes the packages used longest ago, beyond those in use and a few more. */
  void prune(Set<String> inUse) {
    try (Stream<Path> present = Files.list(directory)) {
      present
          .filter(path -> path.getFileName().toString().matches("[0-9a-f]{64}"))
          .filter(path -> !inUse.contains(path.getFileName().toString()))
          .sorted(Comparator.comparing(PackageStore::usedAt).reversed())
          .skip(kept)
          .forEach(PackageStore::delete);
    } catch (IOException e) {
      log.debug("Pruning {}", directory, e);
    }
    deleteUnfinished();
  }

  /** What processes left that were killed while they fetched. */
  private void deleteUnfinished() {
    FileTime longAgo = FileTime.from(Instant.now().minus(ABANDONED));
    try (Stream<Path> present = Files.list(directory)) {
      present
          .filter(path -> path.getFileName().toString().startsWith(UNFINISHED))
          .filter(path -> usedAt(path).compareTo(longAgo) < 0)
          .forEach(PackageStore::delete);
    } catch (IOException e) {
      log.debug("Pruning {}", directory, e);
    }
  }

  private static ModelPackage open(Path home, String sha256) {
    ModelPackage found = ModelPackage.open(home);
    if (!found.sha256().equals(sha256)) {
      throw new PackageException(
          Code.CORRUPT_FILE,
          "manifest.json has SHA-256 %s where %s was promoted; upload the package again and promote that"
              .formatted(found.sha256(), sha256));
    }
    return found;
  }

  private void download(String uri, String sha256, Path target)
      throws PackageUnavailable, IOException, InterruptedException {
    String path = artifactPath(uri);
    Path manifestFile = target.resolve(ModelPackage.MANIFEST_FILE);
    get(path + "/" + ModelPackage.MANIFEST_FILE, manifestFile, MANIFEST_LIMIT);
    if (!Sha256.of(manifestFile).equals(sha256)) {
      throw new PackageException(
          Code.CORRUPT_FILE,
          "manifest.json of %s has SHA-256 %s where %s was promoted; upload the package again and promote that"
              .formatted(uri, Sha256.of(manifestFile), sha256));
    }
    Manifest manifest = ModelPackage.readManifest(manifestFile);
    long size = manifest.files().stream().mapToLong(Manifest.FileEntry::size).sum();
    if (size > limit) {
      throw new PackageException(
          Code.UNSUPPORTED,
          "package %s has %d bytes, more than the %d of millrace.inference.max-package-size"
              .formatted(uri, size, limit));
    }
    try (ExecutorService fetchers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> fetched = new ArrayList<>();
      for (Manifest.FileEntry file : manifest.files()) {
        Path local = inside(target, file.path());
        Files.createDirectories(local.getParent());
        Callable<Boolean> fetch =
            () -> {
              downloads.acquire();
              try {
                get(path + "/" + file.path(), local, file.size());
              } finally {
                downloads.release();
              }
              return true;
            };
        fetched.add(fetchers.submit(fetch));
      }
      for (Future<?> file : fetched) {
        join(file);
      }
    }
  }

  private static void join(Future<?> file)
      throws PackageUnavailable, IOException, InterruptedException {
    try {
      file.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case PackageUnavailable unavailable -> throw unavailable;
        case IOException io -> throw io;
        case RuntimeException refused -> throw refused;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private void get(String path, Path local, long size)
      throws PackageUnavailable, IOException, InterruptedException {
    URI address = address(path);
    HttpRequest request = HttpRequest.newBuilder(address).timeout(ANSWER).GET().build();
    HttpResponse<InputStream> response;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new PackageUnavailable("GET " + address + " failed: " + e, e);
    }
    try (InputStream body = response.body()) {
      if (response.statusCode() != 200) {
        throw new PackageUnavailable("GET " + address + " answered " + response.statusCode());
      }
      try (OutputStream out = Files.newOutputStream(local)) {
        byte[] buffer = new byte[1 << 16];
        long written = 0;
        for (int n = read(body, buffer, address); n >= 0; n = read(body, buffer, address)) {
          written += n;
          if (written > size) {
            throw new PackageException(
                Code.CORRUPT_FILE,
                "%s is larger than the %d bytes it should have".formatted(path, size));
          }
          out.write(buffer, 0, n);
        }
      }
    }
  }

  private static int read(InputStream body, byte[] buffer, URI address) throws PackageUnavailable {
    try {
      return body.read(buffer);
    } catch (IOException e) {
      throw new PackageUnavailable("GET " + address + " broke off: " + e, e);
    }
  }

  private URI address(String path) {
    try {
      String prefix = artifacts.getPath() == null ? "" : artifacts.getPath().replaceAll("/+$", "");
      return new URI(
          artifacts.getScheme(),
          artifacts.getAuthority(),
          prefix + "/api/2.0/mlflow-artifacts/artifacts/" + path,
          null,
          null);
    } catch (URISyntaxException e) {
      throw new PackageException(Code.UNSAFE_PATH, "'" + path + "' is not a path", e);
    }
  }

  /** `mlflow-artifacts:/1/abc/artifacts/model` and the form with a host give the part after it. */
  private static String artifactPath(String uri) {
    try {
      URI parsed = new URI(uri);
      String path = parsed.getPath();
      if ("mlflow-artifacts".equals(parsed.getScheme())
          && path != null
          && path.length() > 1
          && !List.of(path.split("/")).contains("..")) {
        return path.substring(1).replaceAll("/+$", "");
      }
    } catch (URISyntaxException e) {
      log.debug("Unreadable package uri {}", uri, e);
    }
    throw new PackageException(
        Code.UNSUPPORTED,
        "the package uri '" + uri + "' is not of the form mlflow-artifacts:/<path>");
  }

  private static Path inside(Path root, String path) {
    Path file = root.resolve(path).normalize();
    if (!file.startsWith(root)
        || file.equals(root)
        || file.equals(root.resolve(ModelPackage.MANIFEST_FILE))) {
      throw new PackageException(
          Code.UNSAFE_PATH,
          "manifest.json names the path '"
              + path
              + "', which is not a plain path inside the package");
    }
    return file;
  }

  private static FileTime usedAt(Path path) {
    try {
      return Files.getLastModifiedTime(path);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private static void delete(Path path) {
    if (Files.notExists(path)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} could not be deleted: {}", path, e.toString());
    }
  }
}
