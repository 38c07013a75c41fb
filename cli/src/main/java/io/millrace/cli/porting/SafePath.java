package io.millrace.cli.porting;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Whether a path that a server gave stays below the folder it is meant for. */
final class SafePath {

  private SafePath() {}

  /** Why a path is not carried; empty for one that is. */
  static Optional<String> problem(String path) {
    if (path.isEmpty() || path.startsWith("/") || path.matches("(?s)[A-Za-z]:.*")) {
      return Optional.of("its path is absolute or empty");
    }
    if (path.indexOf('\\') >= 0 || path.chars().anyMatch(Character::isISOControl)) {
      return Optional.of("its path has a backslash or a control character");
    }
    for (var segment : path.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return Optional.of("its path has an empty, . or .. segment");
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > 255) {
        return Optional.of("a name in its path is longer than 255 bytes");
      }
    }
    return Optional.empty();
  }
}
