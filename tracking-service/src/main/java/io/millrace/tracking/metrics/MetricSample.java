package io.millrace.tracking.metrics;

import io.millrace.tracking.runs.Metric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** The points of many that an event tells of: few enough for its size, the newest of each key. */
final class MetricSample {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MOST_POINTS = 100;

  /** An event stays under 64 KiB; a point takes its key and some 30 bytes. */
  private static final int MOST_BYTES = 48 * 1024;

  private static final int BYTES_BESIDE_KEY = 32;

  private static final Comparator<Metric> NEWEST_LAST =
      Comparator.comparingLong(Metric::step)
          .thenComparingLong(Metric::timestamp)
          .thenComparingDouble(Metric::value);

  private MetricSample() {}

  /** The latest of two points of a key: by step, then time, then value. */
  static Metric newer(Metric a, Metric b) {
    return NEWEST_LAST.compare(a, b) >= 0 ? a : b;
  }

  /** The newest point of each key first, then the others from new to old, as many as fit. */
  static List<Metric> of(List<Metric> points) {
    if (points.size() == 1) {
      return points;
    }
    TreeMap<String, Metric> newest = new TreeMap<>();
    for (Metric point : points) {
      newest.merge(point.key(), point, MetricSample::newer);
    }
    List<Metric> ordered = new ArrayList<>(newest.values());
    points.stream()
        .filter(point -> newest.get(point.key()) != point)
        .sorted(NEWEST_LAST.reversed())
        .forEach(ordered::add);
    int bytes = 0;
    List<Metric> sample = new ArrayList<>();
    for (Metric point : ordered) {
      bytes += 3 * point.key().length() + BYTES_BESIDE_KEY;
      if (sample.size() == MOST_POINTS || bytes > MOST_BYTES) {
        break;
      }
      sample.add(point);
    }
    return sample;
  }

  /** As it waits in the table: values as text, since JSON has no NaN. */
  static String json(List<Metric> points) {
    ArrayNode array = JSON.createArrayNode();
    for (Metric point : points) {
      array
          .addArray()
          .add(point.key())
          .add(Double.toString(point.value()))
          .add(point.timestamp())
          .add(point.step());
    }
    return array.toString();
  }

  static List<Metric> read(String json) {
    List<Metric> points = new ArrayList<>();
    for (JsonNode point : JSON.readTree(json)) {
      points.add(
          new Metric(
              point.get(0).stringValue(),
              Double.parseDouble(point.get(1).stringValue()),
              point.get(2).longValue(),
              point.get(3).longValue()));
    }
    return points;
  }
}
