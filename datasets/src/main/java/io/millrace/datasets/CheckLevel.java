package io.millrace.datasets;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How hard data checks are: the value of {@code validate.profile} in a pipeline file. */
public enum CheckLevel {
  /** A failed check stops the run. */
  STRICT,
  /** Only what makes training impossible fails; the rest are warnings. */
  LENIENT,
  /** No checks. */
  OFF;

  /** The lower-case name used in files. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The level of that lower-case name.
   *
   * @throws IllegalArgumentException naming the nearest level
   */
  public static CheckLevel of(String key) {
    List<String> keys = Arrays.stream(values()).map(CheckLevel::key).toList();
    int at = keys.indexOf(key);
    if (at < 0) {
      throw new IllegalArgumentException(
          "unknown validate.profile '%s'%s; use one of %s"
              .formatted(
                  key,
                  NearestName.of(key, keys).map(n -> " (did you mean '" + n + "'?)").orElse(""),
                  String.join(", ", keys)));
    }
    return values()[at];
  }
}
