package io.millrace.datasets;

import java.util.Set;

/** How the text of one cell is understood. */
final class CellText {
  private static final Set<String> MISSING = Set.of("NA", "N/A", "NaN", "nan", "null", "NULL");
  private static final double MAX_WHOLE = 9007199254740992.0;

  private CellText() {}

  static boolean isMissing(String text) {
    return text.isBlank() || MISSING.contains(text);
  }

  static boolean isBoolean(String text) {
    return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false");
  }

  static boolean isWhole(double value) {
    return value == Math.rint(value) && Math.abs(value) <= MAX_WHOLE;
  }

  /**
   * A number with more than one leading digit zero is a code such as a postal one, not a quantity.
   */
  static boolean hasCodeZeros(String text) {
    String digits = text.strip();
    return digits.length() > 1
        && digits.charAt(0) == '0'
        && digits.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** The number, or NaN where the text is none. Infinity in its usual spellings is a number. */
  static double number(String cell) {
    String text = cell.strip();
    int length = text.length();
    if (length == 0 || length > 64) {
      return Double.NaN;
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      boolean ok =
          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
      if (!ok) {
        return infinity(text);
      }
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private static double infinity(String text) {
    int sign = text.charAt(0) == '-' || text.charAt(0) == '+' ? 1 : 0;
    String rest = text.substring(sign);
    if (rest.equalsIgnoreCase("inf") || rest.equalsIgnoreCase("infinity")) {
      return text.charAt(0) == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return Double.NaN;
  }
}
