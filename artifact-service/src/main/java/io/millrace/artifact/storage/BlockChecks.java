package io.millrace.artifact.storage;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C of each MiB of a sequence of bytes, by which a range is checked without the rest. */
final class BlockChecks {

  static final int BLOCK = 1 << 20;

  private final ByteArrayOutputStream sums = new ByteArrayOutputStream();
  private final CRC32C crc = new CRC32C();
  private int filled;

  void update(byte[] bytes, int offset, int length) {
    int from = offset;
    int left = length;
    while (left > 0) {
      int taken = Math.min(left, BLOCK - filled);
      crc.update(bytes, from, taken);
      filled += taken;
      from += taken;
      left -= taken;
      if (filled == BLOCK) {
        end();
      }
    }
  }

  /** The sums of all blocks, four bytes each; the last block may be short. */
  byte[] finish() {
    if (filled > 0) {
      end();
    }
    return sums.toByteArray();
  }

  /** Whether these are the bytes of that block. */
  static boolean matches(byte[] sums, long block, byte[] bytes, int length) {
    int at = Math.toIntExact(block * Integer.BYTES);
    if (at + Integer.BYTES > sums.length) {
      return false;
    }
    CRC32C found = new CRC32C();
    found.update(bytes, 0, length);
    return ByteBuffer.wrap(sums).getInt(at) == (int) found.getValue();
  }

  private void end() {
    sums.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt((int) crc.getValue()).array());
    crc.reset();
    filled = 0;
  }
}
