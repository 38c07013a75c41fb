package io.millrace.artifact.storage;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A running SHA-256. Not for use by several threads at once. */
abstract sealed class Sha256 {

  /** Below, taking up the system's library costs more than it spares. */
  private static final long WORTH_IT = 1 << 20;

  private Sha256() {}

  /**
   * For that many bytes.
   *
   * @param size about how many there will be
   */
  static Sha256 of(long size) {
    Sha256 fast = size < WORTH_IT ? null : ofSystem();
    return fast == null ? ofJdk() : fast;
  }

  /**
   * By the system's libcrypto, null where there is none. It uses the processor's instructions for
   * SHA-256 from the first byte on. The JDK uses them in what its second compiler has compiled:
   * before that, and for ever where that compiler is switched off, it takes ten times as long.
   */
  static @Nullable Sha256 ofSystem() {
    Libcrypto library = Libcrypto.FOUND;
    return library == null ? null : new BySystem(library);
  }

  /** By the JDK's own code. */
  static Sha256 ofJdk() {
    return new ByJdk();
  }

  abstract void update(byte[] bytes, int offset, int length);

  /** Takes all that remains of the buffer. */
  abstract void update(ByteBuffer bytes);

  /** The digest of all bytes as 64 hex digits; nothing may follow. */
  abstract String hex();

  private static final class ByJdk extends Sha256 {
    private final MessageDigest digest;

    ByJdk() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-256", e);
      }
    }

    @Override
    void update(byte[] bytes, int offset, int length) {
      digest.update(bytes, offset, length);
    }

    @Override
    void update(ByteBuffer bytes) {
      digest.update(bytes);
    }

    @Override
    String hex() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  private static final class BySystem extends Sha256 {
    private final Libcrypto.Digest digest;

    BySystem(Libcrypto library) {
      digest = library.sha256();
    }

    @Override
    void update(byte[] bytes, int offset, int length) {
      digest.update(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    void update(ByteBuffer bytes) {
      digest.update(bytes);
    }

    @Override
    String hex() {
      return HexFormat.of().formatHex(digest.finish());
    }
  }
}
