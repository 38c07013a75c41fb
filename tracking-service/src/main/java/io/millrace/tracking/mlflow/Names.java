package io.millrace.tracking.mlflow;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;

/** The rules for names and lengths that MLflow's stores share. */
public final class Names {

  /** Longest key of a metric, parameter or tag, in characters. */
  public static final int LONGEST_KEY = 250;

  private static final Pattern KEY =
      Pattern.compile("[/\\w.\\- :]*", Pattern.UNICODE_CHARACTER_CLASS);

  private Names() {}

  /**
   * Checks the key of a metric, parameter or tag.
   *
   * @param path where the key stands in the request, for the message
   */
  public static String key(String key, String path) {
    requireNormal(key, path);
    return limited(key, path, LONGEST_KEY);
  }

  /** Checks characters and path form of a name that may become a file's. */
  private static void requireNormal(String name, String path) {
    if (isPlain(name)) {
      return;
    }
    if (!KEY.matcher(name).matches()) {
      throw MlflowException.invalid(
          "Invalid value \"%s\" for parameter '%s' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
              .formatted(name, path));
    }
    String normal = normal(name);
    if (!normal.equals(name) || name.equals(".") || name.startsWith("..") || name.startsWith("/")) {
      throw MlflowException.invalid(
          "Invalid value \"%s\" for parameter '%s' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '%s'"
              .formatted(name, path, normal));
    }
  }

  /** True of an ordinary key, which needs no other check. */
  public static boolean isPlainKey(String key) {
    return key.length() <= LONGEST_KEY && isPlain(key);
  }

  /** The usual names, told without a regular expression: ASCII, each part begins with no dot. */
  private static boolean isPlain(String name) {
    char before = '/';
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean allowed =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_'
              || c == '-'
              || c == ' '
              || c == ':'
              || ((c == '.' || c == '/') && before != '/');
      if (!allowed) {
        return false;
      }
      before = c;
    }
    return before != '/';
  }

  /** Checks a length, counted in characters as a person would. */
  public static String limited(String text, String name, int most) {
    if (text.length() > most && text.codePointCount(0, text.length()) > most) {
      throw MlflowException.invalid(
          "'%s' exceeds the maximum length of %d characters".formatted(name, most));
    }
    return text;
  }

  /** The beginning of a text, at most so many characters, never half of a pair. */
  public static String truncated(String text, int most) {
    return text.length() <= most || text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most));
  }

  private static String normal(String path) {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : path.split("/", -1)) {
      if (part.equals("..") && !parts.isEmpty() && !parts.peekLast().equals("..")) {
        parts.removeLast();
      } else if (part.equals("..") && !path.startsWith("/")) {
        parts.addLast(part);
      } else if (!part.isEmpty() && !part.equals(".") && !part.equals("..")) {
        parts.addLast(part);
      }
    }
    String joined = String.join("/", parts);
    String normal = path.startsWith("/") ? "/" + joined : joined;
    return normal.isEmpty() ? "." : normal;
  }
}
