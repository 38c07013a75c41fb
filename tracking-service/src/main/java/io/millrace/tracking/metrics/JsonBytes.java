package io.millrace.tracking.metrics;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

/** JSON in the making. Not safe for two threads at once. */
final class JsonBytes {

  /** For what stands around the messages. */
  private static final int LITTLE = 256;

  private byte[] bytes = new byte[LITTLE];
  private int length;

  /** Makes room for so many bytes more, so that it need not grow under them. */
  void room(int more) {
    if (more > bytes.length - length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more + LITTLE));
    }
  }

  JsonBytes add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  JsonBytes add(byte[] text) {
    return add(text, 0, text.length);
  }

  JsonBytes add(byte[] text, int from, int to) {
    int added = to - from;
    room(added);
    System.arraycopy(text, from, bytes, length, added);
    length += added;
    return this;
  }

  boolean isEmpty() {
    return length == 0;
  }

  /** What was added, in the same memory: nothing can be added any more. */
  DataBuffer buffer() {
    return DefaultDataBufferFactory.sharedInstance.wrap(bytes).writePosition(length);
  }
}
