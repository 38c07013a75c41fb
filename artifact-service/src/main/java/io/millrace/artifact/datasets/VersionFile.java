package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;

/**
 * A file of a dataset version.
 *
 * @param path where it is in the version
 * @param object its bytes
 */
record VersionFile(FilePath path, StoredObject object, String mediaType) {}
