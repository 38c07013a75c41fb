package io.millrace.inference.predictions;

import io.millrace.events.PredictionLogged;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A call as events, each below 60 KiB. */
final class PredictionEvents {

  /** Largest event, with room for what surrounds the rows. */
  static final int LARGEST = 60 * 1024;

  private static final int SURROUNDINGS = 1024;

  /** An event with its id, which follows from call and part so that a repetition is recognised. */
  record Identified(UUID id, PredictionLogged event) {}

  private PredictionEvents() {}

  /**
   * Splits a call.
   *
   * @param tooLarge told the number of rows that do not even fit an event of their own
   */
  static List<Identified> of(Prediction call, java.util.function.IntConsumer tooLarge) {
    RowBatch rows = call.rows();
    Scores scores = call.scores();
    Columns columns = rows.columns();
    int room = LARGEST - SURROUNDINGS;
    for (String name : columns.names()) {
      room -= name.length() * 3 + 2;
    }
    for (String label : columns.classes()) {
      room -= label.length() * 3 + 2;
    }
    List<Identified> events = new ArrayList<>();
    List<List<@Nullable Object>> part = new ArrayList<>();
    List<Object> predictions = new ArrayList<>();
    List<List<Double>> probabilities = new ArrayList<>();
    int used = 0;
    int unfit = 0;
    for (int r = 0; r < rows.rows(); r++) {
      List<@Nullable Object> row = new ArrayList<>(columns.width());
      int size = 16;
      for (int c = 0; c < columns.width(); c++) {
        Object value = rows.logged(r, c);
        row.add(value);
        size += size(value);
      }
      Object prediction =
          columns.classifies() ? scores.label(r) : (Object) shortest(scores.value(r));
      size += size(prediction) + columns.classes().size() * 8;
      if (size > room) {
        unfit++;
        continue;
      }
      if (used + size > room) {
        events.add(event(call, events.size(), part, predictions, probabilities));
        part = new ArrayList<>();
        predictions = new ArrayList<>();
        probabilities = new ArrayList<>();
        used = 0;
      }
      used += size;
      part.add(row);
      predictions.add(prediction);
      if (columns.classifies()) {
        List<Double> each = new ArrayList<>();
        for (int k = 0; k < columns.classes().size(); k++) {
          each.add(shortest(scores.probability(r, k)));
        }
        probabilities.add(each);
      }
    }
    if (!part.isEmpty()) {
      events.add(event(call, events.size(), part, predictions, probabilities));
    }
    if (unfit > 0) {
      tooLarge.accept(unfit);
    }
    return events;
  }

  private static Identified event(
      Prediction call,
      int part,
      List<List<@Nullable Object>> rows,
      List<Object> predictions,
      List<List<Double>> probabilities) {
    PredictionLogged event =
        PredictionLogged.newBuilder()
            .setPredictionId(call.id().toString())
            .setPart(part)
            .setEnvironment(call.environment())
            .setModelName(call.model())
            .setVersion(call.version())
            .setTimestamp(call.at())
            .setProtocol(call.protocol())
            .setColumns(call.rows().columns().names())
            .setRows(rows)
            .setPredictions(predictions)
            .setClasses(call.rows().columns().classes())
            .setProbabilities(probabilities)
            .setLatencyMicros(call.latencyMicros())
            .build();
    UUID id =
        part == 0
            ? call.id()
            : UUID.nameUUIDFromBytes((call.id() + "/" + part).getBytes(StandardCharsets.UTF_8));
    return new Identified(id, event);
  }

  private static int size(@Nullable Object value) {
    return switch (value) {
      case null -> 1;
      case String text -> 4 + text.length() * 3;
      default -> 10;
    };
  }

  /** The double that prints like the float: 0.1f becomes 0.1, not 0.10000000149011612. */
  private static double shortest(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
