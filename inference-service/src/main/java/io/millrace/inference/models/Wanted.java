package io.millrace.inference.models;

import org.jspecify.annotations.Nullable;

/**
 * What an endpoint is to serve.
 *
 * @param version null: nothing any more
 * @param revision grows with every change of the endpoint; a withdrawal has that of the state it
 *     withdraws
 * @param packageUri where the package is
 * @param packageSha256 SHA-256 of its manifest
 * @param requestId the request this belongs to, if any
 * @param seenAtNanos when this replica saw it, by {@link System#nanoTime}
 */
record Wanted(
    Endpoint endpoint,
    @Nullable Integer version,
    long revision,
    String packageUri,
    String packageSha256,
    @Nullable String requestId,
    long seenAtNanos) {

  static Wanted nothing(Endpoint endpoint, long revision) {
    return new Wanted(endpoint, null, revision, "", "", null, System.nanoTime());
  }
}
