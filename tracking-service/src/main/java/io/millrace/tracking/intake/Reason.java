package io.millrace.tracking.intake;

import org.jspecify.annotations.Nullable;

/**
 * One reason why a request cannot be served.
 *
 * @param code stable code
 * @param message what is wrong, where, and how to mend it
 * @param path path in the request or the pipeline; null where it concerns the whole
 */
public record Reason(String code, String message, @Nullable String path) {}
