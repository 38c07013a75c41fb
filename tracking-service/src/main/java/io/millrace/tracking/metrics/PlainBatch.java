package io.millrace.tracking.metrics;

import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A batch as most clients send it: points of one run with ordinary names, and nothing else. It is
 * read as it stands, since building a tree of a thousand points costs more than storing one. A
 * batch of any other form, be it right or wrong, is left to {@link MetricEndpoints}.
 */
record PlainBatch(RunId run, List<Metric> points) {

  private static final int MOST_DIGITS = 18;

  /** Empty where the JSON has any other form; the parser is then somewhere in it. */
  static Optional<PlainBatch> read(JsonParser json) {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      return Optional.empty();
    }
    String run = null;
    List<Metric> points = null;
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      JsonToken value = json.nextToken();
      if (field.equals("run_id") && run == null && value == JsonToken.VALUE_STRING) {
        run = json.getString();
      } else if (field.equals("metrics") && points == null && value == JsonToken.START_ARRAY) {
        points = points(json);
        if (points == null) {
          return Optional.empty();
        }
      } else if (!field.equals("params") && !field.equals("tags")
          || value != JsonToken.START_ARRAY
          || json.nextToken() != JsonToken.END_ARRAY) {
        return Optional.empty();
      }
    }
    return run == null
            || !Names.isPlainKey(run)
            || points == null
            || json.currentToken() != JsonToken.END_OBJECT
            || json.nextToken() != null
        ? Optional.empty()
        : Optional.of(new PlainBatch(new RunId(run), points));
  }

  private static @Nullable List<Metric> points(JsonParser json) {
    List<Metric> points = new ArrayList<>();
    JsonToken token = json.nextToken();
    for (; token == JsonToken.START_OBJECT; token = json.nextToken()) {
      Metric point = point(json);
      if (point == null || points.size() == MetricEndpoints.MOST_METRICS) {
        return null;
      }
      points.add(point);
    }
    return token == JsonToken.END_ARRAY ? points : null;
  }

  private static @Nullable Metric point(JsonParser json) {
    String key = "";
    double value = 0;
    long timestamp = -1;
    long step = 0;
    boolean hasValue = false;
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      JsonToken token = json.nextToken();
      if (field.equals("key") && token == JsonToken.VALUE_STRING) {
        key = json.getString();
      } else if (field.equals("value") && token.isNumeric()) {
        value = json.getDoubleValue();
        hasValue = true;
      } else if (field.equals("timestamp") && isInt64(json, token)) {
        timestamp = int64(json, token);
      } else if (field.equals("step") && isInt64(json, token)) {
        step = int64(json, token);
      } else {
        return null;
      }
    }
    return hasValue && timestamp >= 0 && Names.isPlainKey(key)
        ? new Metric(key, value, timestamp, step)
        : null;
  }

  /** A number, or digits as text, which is how the JSON of protobuf has it. */
  private static boolean isInt64(JsonParser json, JsonToken token) {
    return switch (token) {
      case VALUE_NUMBER_INT -> json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      case VALUE_STRING -> {
        String text = json.getString();
        yield !text.isEmpty()
            && text.length() <= MOST_DIGITS
            && text.chars().allMatch(c -> c >= '0' && c <= '9');
      }
      default -> false;
    };
  }

  private static long int64(JsonParser json, JsonToken token) {
    return token == JsonToken.VALUE_STRING ? Long.parseLong(json.getString()) : json.getLongValue();
  }
}
