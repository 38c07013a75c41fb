package io.millrace.artifact.datasets;

import io.millrace.problems.ApiProblem;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a file is inside a dataset version.
 *
 * @param value segments with slashes between them, relative and without {@code .} or {@code ..}; at
 *     most 1024 bytes, 255 a segment
 */
record FilePath(String value) implements Comparable<FilePath> {

  private static final int MAX_BYTES = 1024;
  private static final int MAX_SEGMENT_BYTES = 255;

  FilePath {
    String why = refusal(value);
    if (why != null) {
      throw new ApiProblem(
          400,
          "invalid-path",
          "'%s' is not a path of a file in a dataset: %s"
              .formatted(value.length() > 120 ? value.substring(0, 120) + "..." : value, why));
    }
  }

  private static @Nullable String refusal(String value) {
    if (value.isEmpty() || value.startsWith("/") || value.matches("(?s)[A-Za-z]:.*")) {
      return "it must be relative and not empty";
    }
    if (value.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      return "it is longer than " + MAX_BYTES + " bytes";
    }
    if (value.indexOf('\\') >= 0 || value.chars().anyMatch(c -> Character.isISOControl(c))) {
      return "it has a backslash or a control character";
    }
    for (String segment : value.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return "it has an empty, . or .. segment";
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_SEGMENT_BYTES) {
        return "a name in it is longer than " + MAX_SEGMENT_BYTES + " bytes";
      }
    }
    return null;
  }

  String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  boolean isCsv() {
    return value.toLowerCase(Locale.ROOT).endsWith(".csv");
  }

  @Override
  public int compareTo(FilePath other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
