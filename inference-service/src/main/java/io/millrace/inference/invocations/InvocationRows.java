package io.millrace.inference.invocations;

import io.millrace.datasets.CsvRows;
import io.millrace.datasets.DatasetException;
import io.millrace.inference.requests.JsonBodies;
import io.millrace.inference.requests.Refusal;
import io.millrace.inference.rows.CellArray;
import io.millrace.inference.rows.Cells;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.InvalidRows;
import io.millrace.inference.rows.RowBatch;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The forms in which MLflow's clients send rows. Columns the model does not know are ignored in the
 * forms that name columns; a fraction is refused for a column of whole numbers.
 *
 * @param rows the rows
 * @param table true where they came as a data frame and are answered as one
 */
record InvocationRows(RowBatch rows, boolean table) {

  private static final String FORMS = "dataframe_split, dataframe_records, instances or inputs";

  static InvocationRows ofJson(byte[] body, Columns columns, int mostRows) {
    try (JsonParser parser = JsonBodies.object(body)) {
      InvocationRows read = null;
      String form = null;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        parser.nextToken();
        switch (name) {
          case "dataframe_split", "dataframe_records", "instances", "inputs" -> {
            if (form != null) {
              throw Refusal.badRequest(
                  "the body has %s and %s; send exactly one of %s".formatted(form, name, FORMS));
            }
            form = name;
            read =
                switch (name) {
                  case "dataframe_split" ->
                      new InvocationRows(split(parser, columns, mostRows), true);
                  case "dataframe_records" ->
                      new InvocationRows(records(parser, columns, mostRows), true);
                  case "instances" ->
                      new InvocationRows(instances(parser, columns, mostRows), false);
                  default -> new InvocationRows(inputs(parser, columns, mostRows), false);
                };
          }
          case "params" -> {
            if (parser.currentToken() != JsonToken.START_OBJECT
                && parser.currentToken() != JsonToken.VALUE_NULL) {
              throw Refusal.badRequest("params must be an object; the model takes none");
            }
            parser.skipChildren();
          }
          default ->
              throw Refusal.badRequest(
                  "'%s' is not a key of this request; send exactly one of %s, and params if needed"
                      .formatted(name.length() > 40 ? name.substring(0, 40) + "..." : name, FORMS));
        }
      }
      JsonBodies.end(parser);
      if (read == null) {
        throw Refusal.badRequest("the body has no rows; send exactly one of " + FORMS);
      }
      return read;
    }
  }

  static InvocationRows ofCsv(byte[] body, Columns columns, int mostRows) {
    try (CsvRows csv = CsvRows.open("the body", new ByteArrayInputStream(body))) {
      int[] positions = new int[columns.width()];
      for (int c = 0; c < positions.length; c++) {
        positions[c] = csv.header().indexOf(columns.names().get(c));
        if (positions[c] < 0) {
          throw columns.absent(c, csv.header());
        }
      }
      List<List<String>> lines = new ArrayList<>();
      for (Optional<List<String>> line = csv.next(); line.isPresent(); line = csv.next()) {
        lines.add(line.get());
        RowBatch.checkedRows(lines.size(), mostRows);
      }
      RowBatch rows = new RowBatch(columns, RowBatch.checkedRows(lines.size(), mostRows));
      for (int r = 0; r < lines.size(); r++) {
        for (int c = 0; c < positions.length; c++) {
          rows.setText(r, c, lines.get(r).get(positions[c]));
        }
      }
      return new InvocationRows(rows, true);
    } catch (DatasetException e) {
      throw Refusal.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private static RowBatch split(JsonParser parser, Columns columns, int mostRows) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Refusal.badRequest("dataframe_split must be an object of columns, index and data");
    }
    List<String> names = null;
    CellArray data = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      parser.nextToken();
      switch (name) {
        case "columns" -> names = names(parser);
        case "data" -> data = CellArray.read(parser, "dataframe_split.data");
        case "index" -> parser.skipChildren();
        default -> throw Refusal.badRequest("dataframe_split has columns, index and data only");
      }
    }
    if (data == null) {
      throw Refusal.badRequest("dataframe_split has no data");
    }
    if (names == null) {
      return matrix(data, columns, mostRows, "dataframe_split.data");
    }
    int rows = RowBatch.checkedRows(data.shape()[0], mostRows);
    int width = data.shape().length == 2 ? data.shape()[1] : -1;
    if (width != names.size()) {
      throw Refusal.badRequest(
          "dataframe_split.data must be rows of %d values, one per column".formatted(names.size()));
    }
    RowBatch batch = new RowBatch(columns, rows);
    for (int c = 0; c < columns.width(); c++) {
      int from = names.indexOf(columns.names().get(c));
      if (from < 0) {
        throw columns.absent(c, names);
      }
      for (int r = 0; r < rows; r++) {
        batch.set(r, c, data.cells(), r * width + from, true);
      }
    }
    return batch;
  }

  private static List<String> names(JsonParser parser) {
    CellArray names = CellArray.read(parser, "dataframe_split.columns");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < names.cells().size(); i++) {
      if (names.shape().length != 1 || names.cells().kind(i) != Cells.Kind.TEXT) {
        throw Refusal.badRequest("dataframe_split.columns must be an array of names");
      }
      texts.add(names.cells().text(i));
    }
    Set<String> seen = new HashSet<>();
    for (String name : texts) {
      if (!seen.add(name)) {
        throw Refusal.badRequest("dataframe_split.columns names '" + name + "' twice");
      }
    }
    return texts;
  }

  private static RowBatch records(JsonParser parser, Columns columns, int mostRows) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw Refusal.badRequest("dataframe_records must be an array of objects");
    }
    parser.nextToken();
    return recordsFromFirst(parser, columns, mostRows);
  }

  private static RowBatch recordsFromFirst(JsonParser parser, Columns columns, int mostRows) {
    Cells cells = new Cells();
    int width = columns.width();
    int rows = 0;
    for (JsonToken token = parser.currentToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      if (token != JsonToken.START_OBJECT) {
        throw Refusal.badRequest("row " + rows + " is not an object of column and value");
      }
      RowBatch.checkedRows(rows + 1L, mostRows);
      cells.addAbsent(width);
      Set<String> names = null;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        parser.nextToken();
        int column = columns.positionOf(name);
        if (column < 0) {
          parser.skipChildren();
          names = names == null ? new HashSet<>() : names;
          names.add(name);
        } else if (cells.kind(rows * width + column) != Cells.Kind.ABSENT) {
          throw Refusal.badRequest("row " + rows + " has column '" + name + "' twice");
        } else {
          cells.set(rows * width + column, parser);
        }
      }
      for (int c = 0; c < width; c++) {
        if (cells.kind(rows * width + c) == Cells.Kind.ABSENT) {
          throw columns.absent(c, names == null ? Set.of() : names);
        }
      }
      rows++;
    }
    RowBatch batch = new RowBatch(columns, RowBatch.checkedRows(rows, mostRows));
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        batch.set(r, c, cells, r * width + c, true);
      }
    }
    return batch;
  }

  private static RowBatch instances(JsonParser parser, Columns columns, int mostRows) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw Refusal.badRequest("instances must be an array of rows");
    }
    return parser.nextToken() == JsonToken.START_OBJECT
        ? recordsFromFirst(parser, columns, mostRows)
        : matrix(CellArray.readFromFirst(parser, "instances"), columns, mostRows, "instances");
  }

  private static RowBatch inputs(JsonParser parser, Columns columns, int mostRows) {
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      return matrix(CellArray.read(parser, "inputs"), columns, mostRows, "inputs");
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Refusal.badRequest("inputs must be an array of rows, or an object of columns");
    }
    List<String> names = new ArrayList<>();
    CellArray[] values = new CellArray[columns.width()];
    CellArray stranger = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      parser.nextToken();
      int column = columns.positionOf(name);
      CellArray read = CellArray.read(parser, "inputs." + abbreviated(name));
      if (column >= 0) {
        if (values[column] != null) {
          throw Refusal.badRequest("inputs has '" + name + "' twice");
        }
        values[column] = read;
      } else if (names.isEmpty()) {
        stranger = read;
      }
      names.add(name);
    }
    if (names.size() == 1 && stranger != null) {
      return matrix(stranger, columns, mostRows, "inputs." + abbreviated(names.getFirst()));
    }
    return byColumn(values, names, columns, mostRows);
  }

  private static RowBatch byColumn(
      @Nullable CellArray[] values, List<String> names, Columns columns, int mostRows) {
    RowBatch batch = null;
    int rows = 0;
    for (int c = 0; c < values.length; c++) {
      CellArray column = values[c];
      if (column == null) {
        throw columns.absent(c, names);
      }
      int[] shape = column.shape();
      if (shape.length > 2 || shape.length == 2 && shape[1] != 1) {
        throw new InvalidRows(
            "inputs." + columns.names().get(c) + " must be an array with one value a row");
      }
      if (batch == null) {
        rows = RowBatch.checkedRows(shape[0], mostRows);
        batch = new RowBatch(columns, rows);
      }
      if (shape[0] != rows) {
        throw new InvalidRows(
            "inputs.%s has %d values where inputs.%s has %d"
                .formatted(columns.names().get(c), shape[0], columns.names().getFirst(), rows));
      }
      for (int r = 0; r < rows; r++) {
        batch.set(r, c, column.cells(), r, true);
      }
    }
    if (batch == null) {
      throw new InvalidRows("the model takes no columns");
    }
    return batch;
  }

  private static RowBatch matrix(CellArray data, Columns columns, int mostRows, String where) {
    int width = columns.width();
    int[] shape = data.shape();
    boolean flat = shape.length == 1 && width == 1;
    if (!flat && (shape.length != 2 || shape[1] != width)) {
      RowBatch.checkedRows(shape[0], mostRows);
      throw new InvalidRows(
          "%s must be rows of %d values, in the order of the model's columns: %s"
              .formatted(
                  where,
                  width,
                  String.join(", ", columns.names().subList(0, Math.min(40, width)))));
    }
    int rows = RowBatch.checkedRows(shape[0], mostRows);
    RowBatch batch = new RowBatch(columns, rows);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        batch.set(r, c, data.cells(), r * width + c, true);
      }
    }
    return batch;
  }

  private static String abbreviated(String name) {
    return name.length() > 60 ? name.substring(0, 60) + "..." : name;
  }
}
