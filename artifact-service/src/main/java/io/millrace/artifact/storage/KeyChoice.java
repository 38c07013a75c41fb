package io.millrace.artifact.storage;

import java.util.UUID;

/**
 * Under which key an upload goes.
 *
 * @param beforeHash the key where parts must be sent before the digest is known
 * @param byContent true where an upload whose digest is known in time goes to the key of its
 *     content
 */
record KeyChoice(String beforeHash, boolean byContent) {

  /** A key of its own. */
  static KeyChoice unique() {
    String id = UUID.randomUUID().toString();
    return new KeyChoice("artifacts/" + id.substring(0, 2) + "/" + id, false);
  }

  /** The key of the content where it is known in time, else one beside. */
  static KeyChoice contentOrStaging() {
    return new KeyChoice("staging/" + UUID.randomUUID(), true);
  }

  /** The key of content that was declared. */
  static KeyChoice declared(String sha256) {
    return new KeyChoice(contentKey(sha256), true);
  }

  String afterHash(String sha256) {
    return byContent ? contentKey(sha256) : beforeHash;
  }

  static String contentKey(String sha256) {
    return "sha256/" + sha256.substring(0, 2) + "/" + sha256.substring(2, 4) + "/" + sha256;
  }
}
