package io.millrace.artifact.storage;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A range of bytes as HTTP asks for it (RFC 9110, 14).
 *
 * @param first byte, from 0
 * @param length at least 1
 */
record ByteRange(long first, long length) {

  private static final Pattern ONE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*");

  /**
   * Reads a Range header. Empty where there is none, where it is not one, and where it asks for
   * several ranges: then the whole is answered, as the standard allows.
   *
   * @throws RangeNotSatisfiable if it begins behind the end
   */
  static Optional<ByteRange> of(@Nullable String header, long size) {
    Matcher range = header == null ? null : ONE.matcher(header);
    if (range == null
        || !range.matches()
        || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
      return Optional.empty();
    }
    if (range.group(1).isEmpty()) {
      long last = Math.min(Long.parseLong(range.group(2)), size);
      return satisfiable(size - last, last, size);
    }
    long first = Long.parseLong(range.group(1));
    long end = range.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(range.group(2));
    if (end < first) {
      return Optional.empty();
    }
    return satisfiable(first, Math.min(end, size - 1) - first + 1, size);
  }

  private static Optional<ByteRange> satisfiable(long first, long length, long size) {
    if (length < 1 || first >= size) {
      throw new RangeNotSatisfiable(size);
    }
    return Optional.of(new ByteRange(first, length));
  }

  String contentRange(long size) {
    return "bytes %d-%d/%d".formatted(first, first + length - 1, size);
  }
}
