package io.millrace.deployment.promotions;

import io.millrace.deployment.refusals.Refusal;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who decides, by name. Names that differ only in letter case, surrounding blanks or
 * compatibility forms are the same person, so that nobody counts twice or approves an own request
 * under another spelling.
 *
 * @param name as given, without surrounding blanks, 1 to 200 characters
 */
record Person(String name) {
  private static final int LONGEST = 200;

  Person {
    name = name.strip();
    if (name.isEmpty() || name.length() > LONGEST) {
      throw Refusal.invalid(
          "who", "Say who decides: \"by\" must be a name of 1 to " + LONGEST + " characters.");
    }
  }

  /** The person a request names. */
  static Person of(@Nullable String by) {
    return new Person(by == null ? "" : by);
  }

  boolean is(String other) {
    return folded(name).equals(folded(other));
  }

  private static String folded(String name) {
    return Normalizer.normalize(name.strip(), Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
  }
}
