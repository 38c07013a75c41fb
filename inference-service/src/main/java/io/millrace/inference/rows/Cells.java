package io.millrace.inference.rows;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Single values of a JSON document, one after the other, each with what it was written as. Grows as
 * needed; memory is about 9 bytes a value, 17 where there is text. Not for use by several threads.
 */
public final class Cells {

  /** What a value was written as. */
  public enum Kind {
    /** It was not there. */
    ABSENT,
    /** JSON null. */
    MISSING,
    /** A number without a fraction, within +-2^53. */
    WHOLE,
    /** Any other number. */
    FRACTION,
    /** JSON true. */
    TRUE,
    /** JSON false. */
    FALSE,
    /** A string. */
    TEXT;

    private static final Kind[] ALL = values();
  }

  private static final double EXACT = 0x1p53;

  private byte[] kinds = new byte[64];
  private double[] numbers = new double[64];
  private @Nullable String @Nullable [] texts;
  private int size;

  /** Values so far. */
  public int size() {
    return size;
  }

  /** What the value at that index was written as. */
  public Kind kind(int index) {
    return Kind.ALL[kinds[index]];
  }

  /** The number at that index; 0 where it is none. */
  public double number(int index) {
    return numbers[index];
  }

  /** The text at that index; empty where it is none. */
  public String text(int index) {
    String text = texts == null || index >= texts.length ? null : texts[index];
    return text == null ? "" : text;
  }

  /**
   * Adds the scalar the parser stands on.
   *
   * @throws InvalidRows for an object or an array, and for a number too large for 64 bits
   */
  public void add(JsonParser parser) {
    grow(size + 1);
    set(size++, parser);
  }

  /** Adds that many absent values. */
  public void addAbsent(int count) {
    grow(size + count);
    Arrays.fill(kinds, size, size + count, (byte) Kind.ABSENT.ordinal());
    size += count;
  }

  /** Replaces a value by the scalar the parser stands on. */
  public void set(int index, JsonParser parser) {
    JsonToken token = parser.currentToken();
    switch (token) {
      case VALUE_NUMBER_FLOAT, VALUE_NUMBER_INT -> number(index, parser, token);
      case VALUE_STRING -> text(index, parser.getString());
      case VALUE_NULL -> kinds[index] = (byte) Kind.MISSING.ordinal();
      case VALUE_TRUE -> kinds[index] = (byte) Kind.TRUE.ordinal();
      case VALUE_FALSE -> kinds[index] = (byte) Kind.FALSE.ordinal();
      case START_OBJECT, START_ARRAY ->
          throw new InvalidRows(
              "a single value is needed here, not "
                  + (token == JsonToken.START_ARRAY ? "an array" : "an object"));
      default -> throw new InvalidRows("a value is needed here, not " + token);
    }
  }

  private void number(int index, JsonParser parser, JsonToken token) {
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value) || Double.isNaN(value)) {
      throw new InvalidRows("a number is too large for 64 bits");
    }
    boolean whole = token == JsonToken.VALUE_NUMBER_INT || value == Math.rint(value);
    kinds[index] =
        (byte) (whole && Math.abs(value) <= EXACT ? Kind.WHOLE : Kind.FRACTION).ordinal();
    numbers[index] = value;
  }

  private void text(int index, String text) {
    if (texts == null || texts.length <= index) {
      texts = texts == null ? new String[kinds.length] : Arrays.copyOf(texts, kinds.length);
    }
    kinds[index] = (byte) Kind.TEXT.ordinal();
    texts[index] = text;
  }

  private void grow(int needed) {
    if (needed > kinds.length) {
      int capacity = Math.max(needed, kinds.length * 2);
      kinds = Arrays.copyOf(kinds, capacity);
      numbers = Arrays.copyOf(numbers, capacity);
    }
  }
}
