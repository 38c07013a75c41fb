package io.millrace.tracking.work;

/**
 * The exact data of a run.
 *
 * @param digest SHA-256 of the version's manifest
 * @param uri where the content is, {@code dataset:/name/version}
 * @param sha256 of the content
 * @param size bytes of the content
 */
public record DatasetVersion(
    String name,
    int version,
    String digest,
    String uri,
    String mediaType,
    String sha256,
    long size) {}
