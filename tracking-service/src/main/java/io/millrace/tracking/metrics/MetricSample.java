package io.millrace.tracking.metrics;

import io.millrace.tracking.runs.Metric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
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

  /** By step, then time, then value. */
  static final Comparator<Metric> NEWEST_LAST =
      Comparator.comparingLong(Metric::step)
          .thenComparingLong(Metric::timestamp)
          .thenComparingDouble(Metric::value);

  private MetricSample() {}

  /** The latest of two points of a key: by step, then time, then value. */
  static Metric newer(Metric a, Metric b) {
    return NEWEST_LAST.compare(a, b) >= 0 ? a : b;
  }

  /** {@link #of(List, SortedMap)} where the newest of each key are not known. */
  static List<Metric> of(List<Metric> points) {
    return of(points, Points.of(points).newest());
  }

  /**
   * The newest point of each key first, then the others, the last one first, as many as fit.
   *
   * @param newest of each key
   */
  static List<Metric> of(List<Metric> points, SortedMap<String, Metric> newest) {
    Sample sample = new Sample();
    for (Metric point : newest.values()) {
      if (!sample.takes(point)) {
        return sample.points;
      }
    }
    for (Metric point : points.reversed()) {
      if (!point.equals(newest.get(point.key())) && !sample.takes(point)) {
        break;
      }
    }
    return sample.points;
  }

  private static final class Sample {
    private final List<Metric> points = new ArrayList<>();
    private int bytes;

    boolean takes(Metric point) {
      bytes += 3 * point.key().length() + BYTES_BESIDE_KEY;
      return points.size() < MOST_POINTS && bytes <= MOST_BYTES && points.add(point);
    }
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
