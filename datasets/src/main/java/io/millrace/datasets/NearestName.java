package io.millrace.datasets;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds what somebody probably meant when a name is not known. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name with the smallest edit distance (case, {@code -} and {@code _} do not count), if
   * it is near enough to be a slip: at most a third of the longer name, or a prefix of it.
   */
  public static Optional<String> of(String name, Collection<String> known) {
    String wanted = plain(name);
    String best = null;
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : known) {
      String other = plain(candidate);
      int distance = distance(wanted, other);
      boolean near =
          distance * 3 <= Math.max(wanted.length(), other.length())
              || (wanted.length() >= 3 && (other.startsWith(wanted) || wanted.startsWith(other)));
      if (near && distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return Optional.ofNullable(best);
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "").replace(" ", "");
  }

  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        current[j] = Math.min(Math.min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
