package io.millrace.tracking.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A word of a filter or an order, with its text as it was written. */
record Token(Kind kind, String text) {

  enum Kind {
    /** A name, perhaps with dots and quoted parts, or a keyword. */
    WORD,
    NUMBER,
    /** In single or double quotes. */
    STRING,
    /** Names joined by an arithmetic sign, such as {@code a-b}: a name that lacks its quotes. */
    OPERATION,
    COMPARATOR,
    OPEN,
    CLOSE,
    COMMA,
    /** Anything else, one character of it. */
    OTHER
  }

  private static final Pattern NUMBER =
      Pattern.compile("-?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

  /** True for a keyword in any case. */
  boolean is(String keyword) {
    return kind == Kind.WORD && text.equalsIgnoreCase(keyword);
  }

  String upper() {
    return text.toUpperCase(Locale.ROOT);
  }

  static List<Token> all(String input) {
    List<Token> tokens = new ArrayList<>();
    int at = 0;
    while (at < input.length()) {
      int c = input.codePointAt(at);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
        at += Character.charCount(c);
        continue;
      }
      Token token = next(input, at);
      tokens.add(token);
      at += token.text.length();
    }
    return tokens;
  }

  private static Token next(String input, int at) {
    char c = input.charAt(at);
    Matcher number = NUMBER.matcher(input).region(at, input.length());
    if (number.lookingAt() && !wordAt(input, number.end()) && !after(input, number.end(), '.')) {
      return new Token(Kind.NUMBER, number.group());
    }
    if (c == '\'' || c == '"') {
      int end = input.indexOf(c, at + 1);
      return end < 0
          ? new Token(Kind.OTHER, String.valueOf(c))
          : new Token(Kind.STRING, input.substring(at, end + 1));
    }
    if (wordAt(input, at) || c == '`') {
      int end = name(input, at);
      if (end > at) {
        int operation = operation(input, end);
        return operation > end
            ? new Token(Kind.OPERATION, input.substring(at, operation))
            : new Token(Kind.WORD, input.substring(at, end));
      }
    }
    int end = at;
    while (end < input.length() && "<>=~!".indexOf(input.charAt(end)) >= 0) {
      end++;
    }
    if (end > at) {
      return new Token(Kind.COMPARATOR, input.substring(at, end));
    }
    return switch (c) {
      case '(' -> new Token(Kind.OPEN, "(");
      case ')' -> new Token(Kind.CLOSE, ")");
      case ',' -> new Token(Kind.COMMA, ",");
      default ->
          new Token(
              Kind.OTHER, input.substring(at, at + Character.charCount(input.codePointAt(at))));
    };
  }

  /** Where the name that begins here ends; the beginning itself where it has no end. */
  private static int name(String input, int at) {
    int end = part(input, at);
    while (end > at && after(input, end, '.')) {
      int next = part(input, end + 1);
      if (next == end + 1) {
        return next;
      }
      end = next;
    }
    return end;
  }

  private static int part(String input, int at) {
    if (at < input.length() && (input.charAt(at) == '`' || input.charAt(at) == '"')) {
      int end = input.indexOf(input.charAt(at), at + 1);
      return end < 0 ? at : end + 1;
    }
    int end = at;
    while (wordAt(input, end)) {
      end += Character.charCount(input.codePointAt(end));
    }
    return end;
  }

  private static int operation(String input, int end) {
    int last = end;
    while (last < input.length()
        && "-/+*:".indexOf(input.charAt(last)) >= 0
        && part(input, last + 1) > last + 1) {
      last = part(input, last + 1);
    }
    return last;
  }

  private static boolean wordAt(String input, int at) {
    if (at >= input.length()) {
      return false;
    }
    int c = input.codePointAt(at);
    return Character.isLetterOrDigit(c)
        || c == '_'
        || Character.getType(c) == Character.NON_SPACING_MARK;
  }

  private static boolean after(String input, int at, char wanted) {
    return at < input.length() && input.charAt(at) == wanted;
  }
}
