package io.millrace.deployment.versions;

/**
 * Where a model package is and how to know that it is the right one.
 *
 * @param uri {@code mlflow-artifacts:/...}
 * @param sha256 of its manifest, 64 lower-case hex digits
 * @param size bytes over all its files
 */
public record StoredPackage(String uri, String mediaType, String sha256, long size) {}
