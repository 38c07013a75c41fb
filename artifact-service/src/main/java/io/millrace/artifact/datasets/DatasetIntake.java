package io.millrace.artifact.datasets;

import io.millrace.artifact.datasets.DatasetVersions.Pushed;
import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.ObjectUpload;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.datasets.Csv;
import io.millrace.datasets.CsvRows;
import io.millrace.datasets.DatasetException;
import io.millrace.problems.ApiProblem;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Takes a table in: the reader of the CSV pulls the bytes from the network, and what it has read
 * goes to the object store, so one pass checks, counts, hashes and stores.
 */
@Component
final class DatasetIntake {

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
    Optional<DatasetVersion> same = versions.withContent(name, upload.object().sha256());
    if (same.isPresent()) {
      objects.discard(upload.object());
      return new Pushed(same.get(), false);
    }
    return versions.push(
        name, new Upload(atContentKey(upload.object()), upload.table()), createdBy);
  }

  private Upload receive(
      DatasetName name, InputStream body, OptionalLong size, @Nullable String declaredSha256)
      throws IOException {
    try (ObjectUpload upload = objects.uploadContent(size, declaredSha256)) {
      Csv.Inferred table = read(name, new Copying(body, upload));
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

  private static Csv.Inferred read(DatasetName name, InputStream bytes) throws IOException {
    String file = name + ".csv";
    long line = 1;
    try (CsvRows rows = CsvRows.open(file, bytes)) {
      try {
        return Csv.infer(rows, file);
      } catch (DatasetException e) {
        line = rows.line();
        throw e;
      }
    } catch (DatasetException e) {
      throw new NoTable(e, line);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The bytes are not a table. */
  private static final class NoTable extends RuntimeException {
    private final String code;
    private final String message;
    private final long line;

    NoTable(DatasetException fault, long line) {
      super(fault);
      this.code = fault.code().name().toLowerCase(Locale.ROOT).replace('_', '-');
      this.message = String.valueOf(fault.getMessage());
      this.line = line;
    }

    RejectedTable of(DatasetName name, String file, String createdBy) {
      return new RejectedTable(name, file, line, code, message, Instant.now(), createdBy);
    }

    ApiProblem problem() {
      return new ApiProblem(422, code, message, Map.of("line", line));
    }
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
