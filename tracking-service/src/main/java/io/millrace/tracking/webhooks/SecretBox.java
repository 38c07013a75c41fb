package io.millrace.tracking.webhooks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts secrets with AES-256-GCM: format 1, four bytes that tell which key, a random nonce, and
 * the text, bound to the webhook it belongs to. Safe for many threads.
 */
final class SecretBox {

  private static final byte FORMAT = 1;
  private static final int KEY_BYTES = 32;
  private static final int ID_BYTES = 4;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte @Nullable [] newest;
  private final Map<Integer, byte[]> keys = new LinkedHashMap<>();

  /**
   * @param keys each 32 bytes in Base64, the one to encrypt with first; without any nothing can be
   *     kept
   */
  SecretBox(List<String> keys) {
    byte[] first = null;
    for (String key : keys) {
      byte[] bytes = decoded(key);
      first = first == null ? bytes : first;
      this.keys.put(idOf(bytes), bytes);
    }
    this.newest = first;
  }

  /** A new key in Base64. */
  static String newKey() {
    byte[] bytes = new byte[KEY_BYTES];
    RANDOM.nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Whether secrets can be kept. */
  boolean usable() {
    return newest != null;
  }

  /**
   * Encrypts.
   *
   * @throws IllegalStateException where there is no key
   */
  String seal(String webhookId, String secret) {
    if (newest == null) {
      throw new IllegalStateException("no key");
    }
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      byte[] text =
          cipher(Cipher.ENCRYPT_MODE, newest, nonce, webhookId)
              .doFinal(secret.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder()
          .encodeToString(
              ByteBuffer.allocate(1 + ID_BYTES + NONCE_BYTES + text.length)
                  .put(FORMAT)
                  .putInt(idOf(newest))
                  .put(nonce)
                  .put(text)
                  .array());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Decrypts; empty where no key fits or the text was changed or belongs elsewhere. */
  Optional<String> open(String webhookId, String sealed) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(sealed));
      if (bytes.remaining() < 1 + ID_BYTES + NONCE_BYTES || bytes.get() != FORMAT) {
        return Optional.empty();
      }
      byte[] key = keys.get(bytes.getInt());
      if (key == null) {
        return Optional.empty();
      }
      byte[] nonce = new byte[NONCE_BYTES];
      bytes.get(nonce);
      byte[] text = new byte[bytes.remaining()];
      bytes.get(text);
      return Optional.of(
          new String(
              cipher(Cipher.DECRYPT_MODE, key, nonce, webhookId).doFinal(text),
              StandardCharsets.UTF_8));
    } catch (IllegalArgumentException | GeneralSecurityException changed) {
      return Optional.empty();
    }
  }

  private static Cipher cipher(int mode, byte[] key, byte[] nonce, String webhookId)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(webhookId.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private static int idOf(byte[] key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key);
      return ByteBuffer.wrap(Arrays.copyOf(digest, ID_BYTES)).getInt();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static byte[] decoded(String key) {
    try {
      byte[] bytes = Base64.getDecoder().decode(key.strip());
      if (bytes.length == KEY_BYTES) {
        return bytes;
      }
    } catch (IllegalArgumentException notBase64) {
      // The same message for both.
    }
    throw new IllegalArgumentException(
        "A key of millrace.webhooks is not 32 bytes in Base64; `openssl rand -base64 32` makes one.");
  }
}
