package io.millrace.tracking.registry;

/**
 * Where the package of a trained model is and how to know that it is the right one.
 *
 * @param sha256 64 lower-case hexadecimal digits, of the file or of a folder's manifest
 * @param size bytes
 */
public record ModelPackage(String uri, String mediaType, String sha256, long size) {}
