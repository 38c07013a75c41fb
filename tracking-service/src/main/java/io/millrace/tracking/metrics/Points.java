package io.millrace.tracking.metrics;

import io.millrace.tracking.runs.Metric;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Points of one run as they are written.
 *
 * @param sorted by key, time, step and value, as the table's key has them, each once
 * @param newest of each key
 */
record Points(List<Metric> sorted, SortedMap<String, Metric> newest) {

  static Points of(List<Metric> logged) {
    Map<String, List<Metric>> byKey = new HashMap<>();
    for (Metric point : logged) {
      byKey.computeIfAbsent(point.key(), key -> new ArrayList<>()).add(point);
    }
    List<Metric> sorted = new ArrayList<>(logged.size());
    SortedMap<String, Metric> newest = new TreeMap<>();
    for (List<Metric> ofKey : new TreeMap<>(byKey).values()) {
      addSorted(ofKey, sorted);
      newest.put(ofKey.getFirst().key(), newest(ofKey));
    }
    return new Points(sorted, newest);
  }

  /** Points mostly come in the order of their time. */
  private static void addSorted(List<Metric> ofKey, List<Metric> sorted) {
    if (!ascending(ofKey)) {
      ofKey.sort(Points::compare);
    }
    Metric before = null;
    for (Metric point : ofKey) {
      if (!point.equals(before)) {
        sorted.add(point);
      }
      before = point;
    }
  }

  private static boolean ascending(List<Metric> points) {
    for (int i = 1; i < points.size(); i++) {
      if (compare(points.get(i - 1), points.get(i)) > 0) {
        return false;
      }
    }
    return true;
  }

  private static int compare(Metric a, Metric b) {
    int byTime = Long.compare(a.timestamp(), b.timestamp());
    if (byTime != 0) {
      return byTime;
    }
    int byStep = Long.compare(a.step(), b.step());
    return byStep != 0 ? byStep : Double.compare(a.value(), b.value());
  }

  private static Metric newest(List<Metric> points) {
    Metric newest = points.getFirst();
    for (Metric point : points) {
      newest = MetricSample.newer(newest, point);
    }
    return newest;
  }
}
