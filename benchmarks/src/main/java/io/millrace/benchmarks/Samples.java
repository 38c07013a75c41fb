package io.millrace.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Durations of one repeated step. Not safe for concurrent use. */
final class Samples {

  private final List<Long> nanos = new ArrayList<>();

  void add(long nanoseconds) {
    nanos.add(nanoseconds);
  }

  void add(Duration duration) {
    nanos.add(duration.toNanos());
  }

  void addAll(Samples others) {
    nanos.addAll(others.nanos);
  }

  int count() {
    return nanos.size();
  }

  /** The nearest-rank percentile in milliseconds; share is 0 to 1. */
  double percentileMillis(double share) {
    if (nanos.isEmpty()) {
      return Double.NaN;
    }
    var sorted = new ArrayList<>(nanos);
    Collections.sort(sorted);
    var rank = (int) Math.ceil(share * sorted.size());
    return sorted.get(Math.clamp(rank - 1, 0, sorted.size() - 1)) / 1e6;
  }

  /** Median, 95th and 99th percentile in words. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "p50 %.1f ms, p95 %.1f ms, p99 %.1f ms (n = %d)",
        percentileMillis(0.5),
        percentileMillis(0.95),
        percentileMillis(0.99),
        count());
  }
}
