package io.millrace.artifact.datasets;

import io.millrace.artifact.datasets.DatasetVersions.Pushed;
import io.millrace.artifact.datasets.TableReader.NoTable;
import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.ObjectUpload;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.problems.ApiProblem;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.MediaTypeFactory;
import org.springframework.stereotype.Component;

/**
 * Takes a table in: the reader of the CSV pulls the bytes from the network, and what it has read
 * goes to the object store, so one pass checks, counts, hashes and stores.
 */
@Component
final class DatasetIntake {

  private static final int MOST_NAMED = 100;

  private final Objects objects;
  private final Contents contents;
  private final DatasetVersions versions;

  DatasetIntake(Objects objects, Contents contents, DatasetVersions versions) {
    this.objects = objects;
    this.contents = contents;
    this.versions = versions;
  }

  /**
   * Stores a table as a version, or finds the version it is already.
   *
   * @param file name of the file, for those who hear of a refusal
   * @throws ApiProblem 422 with the line if the bytes are not a table; the platform was told
   * @throws IOException if the sender goes away
   */
  Pushed push(
      DatasetName name,
      InputStream body,
      OptionalLong size,
      @Nullable String declaredSha256,
      String file,
      String createdBy)
      throws IOException {
    Upload upload;
    try {
      upload = receive(name, body, size, declaredSha256);
    } catch (NoTable fault) {
      versions.reject(fault.of(name, file, createdBy));
      throw fault.problem();
    }
    Optional<DatasetVersion> same = versions.same(name, upload.object().sha256());
    if (same.isPresent() && contents.find(upload.object().sha256()).isPresent()) {
      objects.discard(upload.object());
      return new Pushed(same.get(), false);
    }
    StoredObject stored = atContentKey(upload.object());
    VersionFile only = new VersionFile(new FilePath(name + ".csv"), stored, NewVersion.CSV);
    return versions.push(
        name,
        NewVersion.of(List.of(only), Map.of(only.path(), upload.table())),
        createdBy,
        tx -> {
          contents.keep(tx, stored);
          DatasetVersions.remember(tx, stored.sha256(), upload.table());
        });
  }

  /**
   * Makes a version of files whose bytes are kept.
   *
   * @param files path, digest and size of each
   * @throws ApiProblem 409 with the digests whose bytes are not kept; 422 where the only file is a
   *     CSV and no table
   */
  Pushed create(DatasetName name, List<Declared> files, String createdBy) {
    Map<String, StoredObject> kept = versions.kept(files.stream().map(Declared::sha256).toList());
    List<String> missing =
        files.stream()
            .filter(
                file ->
                    kept.get(file.sha256()) == null
                        || java.util.Objects.requireNonNull(kept.get(file.sha256())).size()
                            != file.size())
            .map(Declared::sha256)
            .distinct()
            .toList();
    if (!missing.isEmpty()) {
      throw new ApiProblem(
          409,
          "content-missing",
          "the bytes of %d files are not here; ask POST /api/v1/contents/missing, send them, and make the version again"
              .formatted(missing.size()),
          Map.of("missing", missing.subList(0, Math.min(missing.size(), MOST_NAMED))));
    }
    List<VersionFile> stored =
        files.stream()
            .map(
                file ->
                    new VersionFile(
                        file.path(),
                        java.util.Objects.requireNonNull(kept.get(file.sha256())),
                        mediaType(file.path())))
            .toList();
    NewVersion bare = NewVersion.of(stored, Map.of());
    return versions
        .same(name, bare.identity())
        .map(same -> new Pushed(same, false))
        .orElseGet(
            () ->
                versions.push(
                    name,
                    NewVersion.of(stored, tables(name, stored, createdBy)),
                    createdBy,
                    tx -> {}));
  }

  private Map<FilePath, ContentTable> tables(
      DatasetName name, List<VersionFile> files, String createdBy) {
    Map<FilePath, ContentTable> tables = new HashMap<>();
    for (VersionFile file : files) {
      if (file.path().isCsv()) {
        try {
          tables.put(file.path(), table(file));
        } catch (NoTable fault) {
          if (files.size() == 1) {
            versions.reject(fault.of(name, file.path().name(), createdBy));
            throw fault.problem();
          }
        }
      }
    }
    return tables;
  }

  private ContentTable table(VersionFile file) {
    return versions
        .table(file.object().sha256())
        .orElseGet(
            () -> {
              try (InputStream bytes = objects.open(file.object())) {
                ContentTable read = TableReader.read(file.path().name(), bytes);
                versions.remember(file.object().sha256(), read);
                return read;
              } catch (IOException e) {
                throw new UncheckedIOException(
                    "the object store stopped in the middle of " + file.path(), e);
              }
            });
  }

  private static String mediaType(FilePath path) {
    return path.isCsv()
        ? NewVersion.CSV
        : MediaTypeFactory.getMediaType(path.name())
            .orElse(MediaType.APPLICATION_OCTET_STREAM)
            .toString();
  }

  /** A file that a client says is in a version. */
  record Declared(FilePath path, String sha256, long size) {}

  private Upload receive(
      DatasetName name, InputStream body, OptionalLong size, @Nullable String declaredSha256)
      throws IOException {
    try (ObjectUpload upload = objects.uploadContent(size, declaredSha256)) {
      ContentTable table = TableReader.read(name + ".csv", new Copying(body, upload));
      return new Upload(upload.finish(), table);
    }
  }

  private StoredObject atContentKey(StoredObject uploaded) {
    Optional<StoredObject> kept = contents.find(uploaded.sha256());
    if (kept.isPresent() && !kept.get().key().equals(uploaded.key())) {
      objects.discard(uploaded);
      return kept.get();
    }
    return objects.atContentKey(uploaded);
  }

  /** What is read from here is written there. */
  private static final class Copying extends FilterInputStream {
    private final OutputStream copy;

    Copying(InputStream in, OutputStream copy) {
      super(in);
      this.copy = copy;
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      if (value >= 0) {
        copy.write(value);
      }
      return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      if (read > 0) {
        copy.write(bytes, offset, read);
      }
      return read;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
