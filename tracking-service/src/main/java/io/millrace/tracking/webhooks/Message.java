package io.millrace.tracking.webhooks;

import io.millrace.tracking.flows.FlowEvent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What one webhook is to be told of one event.
 *
 * @param id the same at every attempt and every replay: how a receiver knows what it has
 * @param type name of the event, or MLflow's topic
 * @param key messages of one key are told in order
 * @param body the bytes as they are signed and sent, as text
 */
record Message(String id, String type, String key, String body) {

  /** Anybody may publish a request under a key of any length, and an index has no room for it. */
  private static final int LONGEST_KEY = 500;

  /** The key of an event's record, with its topic; of a long one its digest. */
  static String keyOf(FlowEvent event) {
    String key = event.topic() + "/" + event.key();
    return key.length() <= LONGEST_KEY ? key : HexFormat.of().formatHex(sha256(key));
  }

  static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
