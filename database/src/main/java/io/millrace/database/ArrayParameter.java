package io.millrace.database;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An array as a parameter in PostgreSQL's binary form, for thousands of elements. The driver sends
 * a Java array as text, boxes every element and looks through every text with a regular expression,
 * and PostgreSQL reads each of them back from its text. Not safe for two threads at once.
 *
 * <p>The form is that of {@code array_send}: the number of dimensions, whether there are nulls, the
 * type of the elements, their number and the first one's index, then each element with its length.
 */
public final class ArrayParameter {

  private static final int HEAD = 20;
  private static final int NUMBER = 4 + 8;

  /** The length of what is none. */
  private static final int NULL = -1;

  /** What an array is of, with PostgreSQL's object ids of the type and of its array. */
  private enum Elements {
    BYTEA(17, 1001),
    INT8(20, 1016),
    TEXT(25, 1009),
    FLOAT8(701, 1022);

    private final int type;
    private final int arrayType;

    Elements(int type, int arrayType) {
      this.type = type;
      this.arrayType = arrayType;
    }
  }

  private final Elements of;
  private ByteBuffer bytes;
  private int size;
  private boolean nulls;
  private String last = "";
  private byte[] lastBytes = {};

  private ArrayParameter(Elements of, int expected) {
    this.of = of;
    this.bytes = ByteBuffer.allocate(HEAD + expected * NUMBER).position(HEAD);
  }

  /** An empty {@code bigint[]} that is to have so many elements. */
  public static ArrayParameter int8s(int expected) {
    return new ArrayParameter(Elements.INT8, expected);
  }

  /** An empty {@code float8[]} that is to have so many elements. */
  public static ArrayParameter float8s(int expected) {
    return new ArrayParameter(Elements.FLOAT8, expected);
  }

  /** An empty {@code text[]} that is to have so many elements. */
  public static ArrayParameter texts(int expected) {
    return new ArrayParameter(Elements.TEXT, expected);
  }

  /** An empty {@code bytea[]} that is to have so many elements. */
  public static ArrayParameter byteas(int expected) {
    return new ArrayParameter(Elements.BYTEA, expected);
  }

  /** Appends bytes, or null, to an array of such. */
  public ArrayParameter add(byte @Nullable [] element) {
    if (element != null) {
      room(Elements.BYTEA, element.length).put(element);
    } else {
      nulls = true;
      int length = room(Elements.BYTEA, 0).position() - Integer.BYTES;
      bytes.putInt(length, NULL);
    }
    return this;
  }

  /** Appends a whole number to an array of such. */
  public ArrayParameter add(long element) {
    room(Elements.INT8, Long.BYTES).putLong(element);
    return this;
  }

  /** Appends a number, perhaps NaN or infinite, to an array of such. */
  public ArrayParameter add(double element) {
    room(Elements.FLOAT8, Double.BYTES).putDouble(element);
    return this;
  }

  /** Appends a text without the character NUL to an array of such. */
  public ArrayParameter add(String element) {
    if (!element.equals(last)) {
      last = element;
      lastBytes = element.getBytes(StandardCharsets.UTF_8);
    }
    room(Elements.TEXT, lastBytes.length).put(lastBytes);
    return this;
  }

  private ByteBuffer room(Elements elements, int length) {
    if (elements != of) {
      throw new IllegalArgumentException("An array of " + of + " takes no " + elements);
    }
    if (bytes.remaining() < Integer.BYTES + length) {
      int larger = Math.max(2 * bytes.capacity(), bytes.position() + Integer.BYTES + length);
      bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), larger)).position(bytes.position());
    }
    size++;
    return bytes.putInt(length);
  }

  /** How many elements it has. */
  public int size() {
    return size;
  }

  /** PostgreSQL's object id of the array's type. */
  int type() {
    return of.arrayType;
  }

  /** What goes over the wire, to be read only. */
  ByteBuffer encoded() {
    bytes.putInt(0, size == 0 ? 0 : 1).putInt(4, nulls ? 1 : 0).putInt(8, of.type);
    bytes.putInt(12, size).putInt(16, 1);
    return bytes.duplicate().limit(size == 0 ? 12 : bytes.position()).position(0);
  }
}
