package io.millrace.evaluation.downloads;

/**
 * A stored file or folder: where it is and how to know that it is the right one.
 *
 * @param uri {@code mlflow-artifacts:/...} or {@code dataset:/name/version}
 * @param sha256 of the file; of a package, of its manifest
 * @param size bytes; of a package, over its files
 */
public record StoredFile(String uri, String mediaType, String sha256, long size) {}
