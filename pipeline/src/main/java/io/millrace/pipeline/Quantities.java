package io.millrace.pipeline;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations such as {@code 1h30m} and sizes such as {@code 2g}, read and written. */
final class Quantities {
  private static final Pattern DURATION = Pattern.compile("(?:\\d{1,9}(?:ms|s|m|h|d))+");
  private static final Pattern DURATION_PART = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})(b|k|kb|m|mb|g|gb|t|tb)?");

  private Quantities() {}

  static Optional<Duration> duration(String text) {
    String plain = text.strip().toLowerCase(Locale.ROOT);
    if (!DURATION.matcher(plain).matches()) {
      return Optional.empty();
    }
    long millis = 0;
    Matcher part = DURATION_PART.matcher(plain);
    while (part.find()) {
      millis += Long.parseLong(part.group(1)) * unitMillis(part.group(2));
    }
    return Optional.of(Duration.ofMillis(millis));
  }

  private static long unitMillis(String unit) {
    return switch (unit) {
      case "ms" -> 1;
      case "s" -> 1_000;
      case "m" -> 60_000;
      case "h" -> 3_600_000;
      default -> 86_400_000;
    };
  }

  /** The shortest exact form with one unit: 90 s is {@code 90s}, 120 s is {@code 2m}. */
  static String text(Duration duration) {
    long millis = duration.toMillis();
    for (String unit : new String[] {"d", "h", "m", "s"}) {
      if (millis > 0 && millis % unitMillis(unit) == 0) {
        return millis / unitMillis(unit) + unit;
      }
    }
    return millis + "ms";
  }

  /** Bytes; k, m, g and t are powers of 1024. */
  static Optional<Long> size(String text) {
    Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String unit = matcher.group(2) == null ? "b" : matcher.group(2);
    int shift = 10 * "bkmgt".indexOf(unit.charAt(0));
    long number = Long.parseLong(matcher.group(1));
    return number > Long.MAX_VALUE >> shift ? Optional.empty() : Optional.of(number << shift);
  }

  static String text(long bytes) {
    String units = "bkmgt";
    for (int u = units.length() - 1; u > 0; u--) {
      long unit = 1L << (10 * u);
      if (bytes > 0 && bytes % unit == 0) {
        return bytes / unit + units.substring(u, u + 1);
      }
    }
    return Long.toString(bytes);
  }
}
