package io.millrace.evaluation.evaluations;

/**
 * A stored file or folder: where it is and how to verify it.
 *
 * @param uri {@code mlflow-artifacts:/...} or {@code dataset:/name/version}
 * @param sha256 of the file; of a package, of its manifest
 * @param size bytes; of a package, over its files
 */
record StoredFile(String uri, String mediaType, String sha256, long size) {}
