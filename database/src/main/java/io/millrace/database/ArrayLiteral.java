package io.millrace.database;

/**
 * PostgreSQL's text form of an array, for a parameter that the statement casts, such as {@code
 * $1::bigint[]}. The driver sends arrays as the same text, but boxes every element and looks
 * through every text with a regular expression, which counts where there are thousands. Not safe
 * for two threads at once.
 */
public final class ArrayLiteral {

  private final StringBuilder text = new StringBuilder("{");

  /** Appends a whole number. */
  public ArrayLiteral add(long element) {
    next().append(element);
    return this;
  }

  /** Appends a number, NaN and the infinities too. */
  public ArrayLiteral add(double element) {
    next().append(element);
    return this;
  }

  /** Appends a text. */
  public ArrayLiteral add(String element) {
    next().append('"');
    for (int i = 0; i < element.length(); i++) {
      char c = element.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\');
      }
      text.append(c);
    }
    text.append('"');
    return this;
  }

  private StringBuilder next() {
    return text.length() == 1 ? text : text.append(',');
  }

  /** What is bound as the parameter. */
  @Override
  public String toString() {
    return text + "}";
  }
}
