package io.millrace.artifact.storage;

/**
 * Bytes in the object store.
 *
 * @param key object key in the bucket
 * @param sha256 of the bytes, 64 lower-case hex digits
 * @param size bytes
 */
public record StoredObject(String key, String sha256, long size) {}
