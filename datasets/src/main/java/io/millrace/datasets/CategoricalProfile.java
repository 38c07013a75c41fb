package io.millrace.datasets;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The distribution of a column of categories.
 *
 * @param name the column
 * @param count observations with a value: the sum of {@code values} and {@code other}
 * @param missing observations without a value
 * @param values observations per value for the {@link #MAX_VALUES} most frequent ones, most
 *     frequent first (by text on a tie)
 * @param other observations of any other value, so also of values the reference never had
 */
public record CategoricalProfile(
    String name, long count, long missing, Map<String, Long> values, long other)
    implements ColumnProfile {

  /** Values that keep a count of their own. */
  public static final int MAX_VALUES = 100;

  public CategoricalProfile {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Counts the values; null is missing. */
  public static CategoricalProfile of(String name, Iterable<? extends @Nullable String> values) {
    Map<String, Long> counts = new HashMap<>();
    long missing = 0;
    long count = 0;
    for (String value : values) {
      if (value == null) {
        missing++;
      } else {
        counts.merge(value, 1L, Long::sum);
        count++;
      }
    }
    Map<String, Long> kept = new LinkedHashMap<>();
    long sum = 0;
    List<Map.Entry<String, Long>> ordered =
        counts.entrySet().stream()
            .sorted(
                Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(MAX_VALUES)
            .toList();
    for (Map.Entry<String, Long> entry : ordered) {
      kept.put(entry.getKey(), entry.getValue());
      sum += entry.getValue();
    }
    return new CategoricalProfile(name, count, missing, kept, count - sum);
  }

  /** Counts other values over this profile's values; null is missing. */
  public CategoricalProfile recount(Iterable<? extends @Nullable String> observations) {
    Map<String, Long> counts = new LinkedHashMap<>();
    values.keySet().forEach(v -> counts.put(v, 0L));
    long missingNow = 0;
    long otherNow = 0;
    long n = 0;
    for (String value : observations) {
      if (value == null) {
        missingNow++;
        continue;
      }
      n++;
      if (counts.computeIfPresent(value, (v, c) -> c + 1) == null) {
        otherNow++;
      }
    }
    return new CategoricalProfile(name, n, missingNow, counts, otherNow);
  }

  CategoricalProfile plus(CategoricalProfile b) {
    if (!values.keySet().equals(b.values.keySet())) {
      throw new IllegalArgumentException(
          "profiles of '" + name + "' over different values cannot be added");
    }
    Map<String, Long> sums = new LinkedHashMap<>();
    values.forEach((value, n) -> sums.put(value, n + b.values.getOrDefault(value, 0L)));
    return new CategoricalProfile(
        name, count + b.count, missing + b.missing, sums, other + b.other);
  }
}
