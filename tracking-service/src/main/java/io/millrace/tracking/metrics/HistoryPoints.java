package io.millrace.tracking.metrics;

import io.millrace.database.Row;
import io.millrace.tracking.metrics.Metrics.Position;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Points of one metric of one run, as three lists of numbers that PostgreSQL wrote. A page is tens
 * of thousands of points: to take each as a row, and to read and write each of its numbers again,
 * costs several times what finding it does.
 */
final class HistoryPoints {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final byte[] NONE = {};
  private static final byte[] COMMA = bytes(",");
  private static final byte[] TIMESTAMP = bytes(",\"timestamp\":");
  private static final byte[] STEP = bytes(",\"step\":");
  private static final byte[] FRACTION = bytes(".0");
  private static final byte[] NAN = bytes("\"NaN\"");
  private static final byte[] LARGEST = bytes("1.7976931348623157e+308");
  private static final byte[] SMALLEST = bytes("-1.7976931348623157e+308");

  private final int size;
  private final byte[] values;
  private final byte[] timestamps;
  private final byte[] steps;

  private HistoryPoints(int size, byte[] values, byte[] timestamps, byte[] steps) {
    this.size = size;
    this.values = values;
    this.timestamps = timestamps;
    this.steps = steps;
  }

  /** The columns of a query that gathers the table's rows in that order. */
  static String columns(String order) {
    return """
        count(*) as size,
        string_agg(value::text, ',' order by %1$s) as values,
        string_agg(timestamp_ms::text, ',' order by %1$s) as timestamps,
        string_agg(step::text, ',' order by %1$s) as steps
        """
        .formatted(order);
  }

  static HistoryPoints of(Row row) {
    return new HistoryPoints(
        Math.toIntExact(row.int8("size")),
        bytes(row.stringOrNull("values")),
        bytes(row.stringOrNull("timestamps")),
        bytes(row.stringOrNull("steps")));
  }

  int size() {
    return size;
  }

  /** Where one of them stands. */
  Position position(int point) {
    int fromEnd = size - 1 - point;
    return new Position(
        Long.parseLong(number(timestamps, fromEnd)),
        Long.parseLong(number(steps, fromEnd)),
        Double.parseDouble(number(values, fromEnd)));
  }

  private static String number(byte[] list, int fromEnd) {
    int to = list.length;
    for (int passed = 0; ; passed++) {
      int from = to;
      while (from > 0 && list[from - 1] != ',') {
        from--;
      }
      if (passed == fromEnd) {
        return new String(list, from, to - from, StandardCharsets.US_ASCII);
      }
      to = from - 1;
    }
  }

  /**
   * Writes the first of them as MLflow's messages with commas between.
   *
   * @param count how many, at least one
   * @param run named in each of them, where it is given
   */
  void write(JsonBytes json, int count, String key, @Nullable String run) {
    byte[] begin = bytes("{\"key\":" + JSON.writeValueAsString(key) + ",\"value\":");
    byte[] end = bytes(run == null ? "}" : ",\"run_id\":" + JSON.writeValueAsString(run) + "}");
    json.room(
        values.length
            + timestamps.length
            + steps.length
            + count
                * (begin.length + FRACTION.length + TIMESTAMP.length + STEP.length + end.length));
    Cursor value = new Cursor(values);
    Cursor timestamp = new Cursor(timestamps);
    Cursor step = new Cursor(steps);
    for (int i = 0; i < count; i++) {
      if (i > 0) {
        json.add(COMMA);
      }
      json.add(begin);
      value.next().writeDouble(json);
      json.add(TIMESTAMP);
      timestamp.next().write(json);
      json.add(STEP);
      step.next().write(json);
      json.add(end);
    }
  }

  private static byte[] bytes(@Nullable String text) {
    return text == null ? NONE : text.getBytes(StandardCharsets.UTF_8);
  }

  /** The numbers of a list, one after another. */
  private static final class Cursor {

    private final byte[] list;
    private int from;
    private int to = -1;

    Cursor(byte[] list) {
      this.list = list;
    }

    Cursor next() {
      from = to + 1;
      to = from;
      while (to < list.length && list[to] != ',') {
        to++;
      }
      return this;
    }

    void write(JsonBytes json) {
      json.add(list, from, to);
    }

    /**
     * Such a number always has a fraction or an exponent; what is not a number is text; infinities
     * become the largest double of their sign, as in {@link io.millrace.tracking.runs.Metric}.
     */
    void writeDouble(JsonBytes json) {
      boolean negative = list[from] == '-';
      switch (list[negative ? from + 1 : from]) {
        case 'N' -> json.add(NAN);
        case 'I' -> json.add(negative ? SMALLEST : LARGEST);
        default -> {
          write(json);
          if (isWhole()) {
            json.add(FRACTION);
          }
        }
      }
    }

    private boolean isWhole() {
      for (int i = from; i < to; i++) {
        if (list[i] == '.' || list[i] == 'e') {
          return false;
        }
      }
      return true;
    }
  }
}
