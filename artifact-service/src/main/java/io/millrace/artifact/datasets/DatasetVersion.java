package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A stored version of a dataset, which never changes.
 *
 * @param version counted from 1 for each name
 * @param table the one file that is read as the dataset's table; null: there are several, or none
 * @param mediaType of that file, else of the version as a whole
 * @param size bytes of all files
 * @param files how many
 * @param digest SHA-256 of the manifest
 * @param manifest what the version is, as canonical JSON
 * @param schema the inferred columns as JSON
 * @param rows data rows of all tables
 * @param columns columns
 */
record DatasetVersion(
    DatasetName name,
    int version,
    @Nullable StoredObject table,
    String mediaType,
    long size,
    int files,
    String digest,
    String manifest,
    String schema,
    long rows,
    int columns,
    String createdBy,
    Instant createdAt) {

  /** Bytes of the table, else of all files. */
  long contentSize() {
    return table == null ? size : table.size();
  }

  String uri() {
    return "dataset:/" + name + "/" + version;
  }
}
