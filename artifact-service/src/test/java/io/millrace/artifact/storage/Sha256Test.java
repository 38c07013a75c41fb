package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Sha256Test {

  /** Where the system has no libcrypto the second is the JDK's as well. */
  static Stream<Sha256> implementations() {
    return Stream.of(Sha256.ofJdk(), Sha256.of(Long.MAX_VALUE));
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void isTheDigestOfAllPiecesWhereverTheyLie(Sha256 digest) throws Exception {
    MessageDigest expected = MessageDigest.getInstance("SHA-256");
    Random random = new Random(3);
    for (int piece = 0; piece < 200; piece++) {
      byte[] bytes = new byte[random.nextInt(5000)];
      random.nextBytes(bytes);
      int from = random.nextInt(bytes.length + 1);
      int length = bytes.length - from;
      expected.update(bytes, from, length);
      switch (piece % 3) {
        case 0 -> digest.update(bytes, from, length);
        case 1 -> digest.update(ByteBuffer.wrap(bytes, from, length).slice());
        default -> {
          ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).position(from);
          digest.update(direct.asReadOnlyBuffer());
        }
      }
    }
    assertThat(digest.hex()).isEqualTo(HexFormat.of().formatHex(expected.digest()));
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void leavesNothingInABuffer(Sha256 digest) {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {1, 2, 3});
    digest.update(bytes);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void knowsTheDigestOfNothing(Sha256 digest) {
    assertThat(digest.hex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }
}
