package io.millrace.pipeline;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** How the file writes constants, and which word somebody probably meant. */
final class Words {
  private Words() {}

  /** {@code BENJAMINI_HOCHBERG} as the file writes it: {@code benjamini-hochberg}. */
  static String ofConstant(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static <E extends Enum<E>> E toConstant(Class<E> type, String word) {
    return Enum.valueOf(type, word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** The known word nearest to the given one, if a slip of the keyboard explains the distance. */
  static Optional<String> nearest(String word, Collection<String> known) {
    String given = plain(word);
    String best = null;
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : known) {
      String other = plain(candidate);
      int distance = distance(given, other);
      boolean near =
          distance * 5 <= Math.max(given.length(), other.length()) * 2
              || (given.length() >= 3 && other.contains(given))
              || (other.length() >= 3 && given.contains(other));
      if (near && distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return Optional.ofNullable(best);
  }

  private static String plain(String word) {
    String lower = word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    return lower.length() <= 64 ? lower : lower.substring(0, 64);
  }

  /** Damerau-Levenshtein distance with adjacent transpositions, one row at a time. */
  private static int distance(String a, String b) {
    int[] twoBack = new int[b.length() + 1];
    int[] back = new int[b.length() + 1];
    Arrays.setAll(back, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(Math.min(row[j - 1] + 1, back[j] + 1), back[j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          row[j] = Math.min(row[j], twoBack[j - 2] + 1);
        }
      }
      twoBack = back;
      back = row;
    }
    return back[b.length()];
  }
}
