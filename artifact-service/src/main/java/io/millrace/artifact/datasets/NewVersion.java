package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;
import io.millrace.datasets.Schema;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is to become a version.
 *
 * @param files by path, at least one; their bytes are kept
 * @param table the one file that is the dataset's table
 * @param schema of the table, or of all tables where they have the same columns; else empty
 * @param rows of all tables
 */
record NewVersion(List<VersionFile> files, @Nullable VersionFile table, Schema schema, long rows) {

  /** The media type of a version that is not one table. */
  static final String FILES = "application/vnd.millrace.dataset+json";

  static final String CSV = "text/csv";

  NewVersion {
    files = List.copyOf(files);
  }

  /**
   * Of stored files.
   *
   * @param tables what those of them are that are tables
   */
  static NewVersion of(List<VersionFile> files, Map<FilePath, ContentTable> tables) {
    List<VersionFile> ordered =
        files.stream().sorted(java.util.Comparator.comparing(VersionFile::path)).toList();
    VersionFile only =
        tables.size() == 1
            ? ordered.stream()
                .filter(file -> tables.containsKey(file.path()))
                .findFirst()
                .orElse(null)
            : null;
    List<Schema> schemas = tables.values().stream().map(ContentTable::schema).toList();
    boolean alike =
        !schemas.isEmpty()
            && schemas.stream()
                .allMatch(schema -> columns(schema).equals(columns(schemas.getFirst())));
    return new NewVersion(
        ordered,
        only == null && ordered.size() == 1 ? ordered.getFirst() : only,
        alike ? schemas.getFirst() : new Schema(List.of()),
        tables.values().stream().mapToLong(ContentTable::rows).sum());
  }

  private static List<?> columns(Schema schema) {
    return schema.columns().stream().map(column -> List.of(column.name(), column.kind())).toList();
  }

  long size() {
    return files.stream().mapToLong(file -> file.object().size()).sum();
  }

  String mediaType() {
    return table == null ? FILES : table.mediaType();
  }

  @Nullable StoredObject tableObject() {
    return table == null ? null : table.object();
  }

  /** The same for the same files: the digest of the only one, else of the list of them. */
  String identity() {
    if (files.size() == 1) {
      return files.getFirst().object().sha256();
    }
    MessageDigest digest = sha256();
    for (VersionFile file : files) {
      digest.update(
          (file.object().sha256() + "  " + file.path() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return Objects.requireNonNull(MessageDigest.getInstance("SHA-256"));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
