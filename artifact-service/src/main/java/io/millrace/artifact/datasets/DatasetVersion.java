package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;
import java.time.Instant;

/**
 * A stored version of a dataset, which never changes.
 *
 * @param version counted from 1 for each name
 * @param object the bytes
 * @param mediaType of the bytes
 * @param digest SHA-256 of the manifest
 * @param manifest what the version is, as canonical JSON
 * @param schema the inferred columns as JSON
 * @param rows data rows
 * @param columns columns
 */
record DatasetVersion(
    DatasetName name,
    int version,
    StoredObject object,
    String mediaType,
    String digest,
    String manifest,
    String schema,
    long rows,
    int columns,
    String createdBy,
    Instant createdAt) {

  String uri() {
    return "dataset:/" + name + "/" + version;
  }
}
