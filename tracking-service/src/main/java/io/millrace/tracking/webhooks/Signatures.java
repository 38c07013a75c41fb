package io.millrace.tracking.webhooks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The headers that let a receiver know who calls and that nothing was changed on the way. */
final class Signatures {

  private static final String PREFIX = "whsec_";
  private static final int FEWEST_BYTES = 24;
  private static final int MOST_BYTES = 64;
  private static final int MADE_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Signatures() {}

  /** A new secret of 32 random bytes. */
  static String newSecret() {
    byte[] bytes = new byte[MADE_BYTES];
    RANDOM.nextBytes(bytes);
    return PREFIX + Base64.getEncoder().encodeToString(bytes);
  }

  /** Whether it is {@code whsec_} and 24 to 64 bytes in Base64. */
  static boolean isSecret(String secret) {
    if (!secret.startsWith(PREFIX)) {
      return false;
    }
    try {
      int length = keyOf(secret).length;
      return length >= FEWEST_BYTES && length <= MOST_BYTES;
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
  }

  /**
   * Those of Standard Webhooks.
   *
   * @param secrets the newest first; each adds a signature
   */
  static Map<String, String> standard(
      String messageId, long seconds, String body, List<String> secrets) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/json");
    headers.put("webhook-id", messageId);
    headers.put("webhook-timestamp", Long.toString(seconds));
    headers.put(
        "webhook-signature",
        secrets.stream()
            .map(secret -> signature(keyOf(secret), messageId, seconds, body))
            .collect(Collectors.joining(" ")));
    return headers;
  }

  /** MLflow's, whose key is the secret as it was given, not decoded. */
  static Map<String, String> mlflow(
      String deliveryId, long seconds, String body, List<String> secrets) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/json");
    headers.put("X-MLflow-Delivery-Id", deliveryId);
    headers.put("X-MLflow-Timestamp", Long.toString(seconds));
    if (!secrets.isEmpty()) {
      byte[] key = secrets.getFirst().getBytes(StandardCharsets.UTF_8);
      headers.put("X-MLflow-Signature", signature(key, deliveryId, seconds, body));
    }
    return headers;
  }

  private static byte[] keyOf(String secret) {
    return Base64.getDecoder().decode(secret.substring(PREFIX.length()));
  }

  private static String signature(byte[] key, String id, long seconds, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] signed =
          mac.doFinal((id + "." + seconds + "." + body).getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(signed);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
