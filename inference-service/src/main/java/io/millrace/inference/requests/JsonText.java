package io.millrace.inference.requests;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** JSON written straight into bytes. Not for use by several threads. */
public final class JsonText {

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private byte[] bytes;
  private int size;

  /** A writer that expects about that many bytes. */
  public JsonText(int expected) {
    this.bytes = new byte[Math.max(64, expected)];
  }

  /** Writes ASCII as it is. */
  public JsonText raw(String ascii) {
    int length = ascii.length();
    grow(length);
    for (int i = 0; i < length; i++) {
      bytes[size++] = (byte) ascii.charAt(i);
    }
    return this;
  }

  /** Writes one ASCII character as it is. */
  public JsonText raw(char ascii) {
    grow(1);
    bytes[size++] = (byte) ascii;
    return this;
  }

  /** Writes the shortest decimal that gives the float again. */
  public JsonText number(float value) {
    return raw(Float.toString(value));
  }

  /** Writes a whole number. */
  public JsonText number(long value) {
    return raw(Long.toString(value));
  }

  /** Writes a string with quotes and escapes. */
  public JsonText text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    grow(utf8.length * 6 + 2);
    bytes[size++] = '"';
    for (byte b : utf8) {
      if (b == '"' || b == '\\') {
        bytes[size++] = '\\';
        bytes[size++] = b;
      } else if (b >= 0 && b < 0x20) {
        bytes[size++] = '\\';
        bytes[size++] = 'u';
        bytes[size++] = '0';
        bytes[size++] = '0';
        bytes[size++] = HEX[b >> 4];
        bytes[size++] = HEX[b & 15];
      } else {
        bytes[size++] = b;
      }
    }
    bytes[size++] = '"';
    return this;
  }

  /** What was written. */
  public byte[] bytes() {
    return Arrays.copyOf(bytes, size);
  }

  private void grow(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
    }
  }
}
