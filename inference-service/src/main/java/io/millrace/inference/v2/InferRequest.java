package io.millrace.inference.v2;

import io.millrace.datasets.NearestName;
import io.millrace.inference.requests.JsonBodies;
import io.millrace.inference.requests.Refusal;
import io.millrace.inference.rows.CellArray;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.InvalidRows;
import io.millrace.inference.rows.RowBatch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * An inference request. Names this protocol does not know are skipped.
 *
 * @param id echoed in the answer
 * @param inputs at least one, with different names
 * @param outputs names asked for; null: all
 */
record InferRequest(@Nullable String id, List<Tensor> inputs, @Nullable Set<String> outputs) {

  private static final int MAX_TENSORS = 10_000;

  /** An input whose values fit its datatype and its shape. */
  record Tensor(String name, Datatype datatype, long[] shape, CellArray data) {}

  static InferRequest read(byte[] body) {
    try (JsonParser parser = JsonBodies.object(body)) {
      String id = null;
      List<Tensor> inputs = null;
      Set<String> outputs = null;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        parser.nextToken();
        switch (name) {
          case "id" -> id = JsonBodies.text(parser, "id");
          case "inputs" -> {
            if (inputs != null) {
              throw Refusal.badRequest("inputs is given twice");
            }
            inputs = inputs(parser);
          }
          case "outputs" -> outputs = outputs(parser);
          case "parameters" -> parameters(parser);
          default -> parser.skipChildren();
        }
      }
      JsonBodies.end(parser);
      if (inputs == null || inputs.isEmpty()) {
        throw Refusal.badRequest("inputs is missing or empty; send at least one input tensor");
      }
      return new InferRequest(id, inputs, outputs);
    }
  }

  /** One matrix of all columns, or one tensor per column. */
  RowBatch rows(Columns columns, int mostRows) {
    Tensor first = inputs.getFirst();
    if (inputs.size() == 1
        && (columns.positionOf(first.name()) < 0
            || first.shape().length == 2 && columns.width() > 1)) {
      return matrix(first, columns, mostRows);
    }
    int rows = RowBatch.checkedRows(length(first), mostRows);
    RowBatch batch = new RowBatch(columns, rows);
    boolean[] given = new boolean[columns.width()];
    for (Tensor tensor : inputs) {
      int column = columns.positionOf(tensor.name());
      if (column < 0) {
        throw columns.unknown(tensor.name());
      }
      if (length(tensor) != rows) {
        throw new InvalidRows(
            "input '%s' has %d values where '%s' has %d"
                .formatted(tensor.name(), length(tensor), first.name(), rows));
      }
      given[column] = true;
      for (int r = 0; r < rows; r++) {
        batch.set(r, column, tensor.data().cells(), r, false);
      }
    }
    for (int c = 0; c < given.length; c++) {
      if (!given[c]) {
        throw columns.absent(c, inputs.stream().map(Tensor::name).toList());
      }
    }
    return batch;
  }

  private static RowBatch matrix(Tensor tensor, Columns columns, int mostRows) {
    int width = columns.width();
    if (tensor.shape().length != 2 || tensor.shape()[1] != width) {
      throw new InvalidRows(
          "input '%s' has shape %s; send one tensor [rows, %d] with the columns %s, or one tensor [rows] per column under its name"
              .formatted(
                  tensor.name(),
                  shown(tensor.shape()),
                  width,
                  String.join(", ", columns.names().subList(0, Math.min(40, width)))));
    }
    if (columns.hasCategories()) {
      throw new InvalidRows(
          "the model has columns that are not numbers (%s); send one tensor per column under its name, BYTES for those"
              .formatted(
                  String.join(
                      ", ",
                      columns.features().stream()
                          .filter(f -> !f.kind().isNumber())
                          .map(f -> f.name())
                          .limit(20)
                          .toList())));
    }
    int rows = RowBatch.checkedRows(tensor.shape()[0], mostRows);
    RowBatch batch = new RowBatch(columns, rows);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        batch.set(r, c, tensor.data().cells(), r * width + c, false);
      }
    }
    return batch;
  }

  private static long length(Tensor tensor) {
    long[] shape = tensor.shape();
    if (shape.length == 1 || shape.length == 2 && shape[1] == 1) {
      return shape[0];
    }
    throw new InvalidRows(
        "input '%s' has shape %s; a column has shape [rows] or [rows, 1]"
            .formatted(tensor.name(), shown(shape)));
  }

  private static List<Tensor> inputs(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw Refusal.badRequest("inputs must be an array of tensors");
    }
    List<Tensor> inputs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Tensor tensor = tensor(parser, inputs.size());
      if (!names.add(tensor.name())) {
        throw Refusal.badRequest("input '" + tensor.name() + "' is given twice");
      }
      if (inputs.size() == MAX_TENSORS) {
        throw Refusal.badRequest("more than " + MAX_TENSORS + " inputs");
      }
      inputs.add(tensor);
    }
    return inputs;
  }

  private static Tensor tensor(JsonParser parser, int index) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Refusal.badRequest("inputs[" + index + "] is not an object");
    }
    String name = null;
    Datatype datatype = null;
    long[] shape = null;
    CellArray data = null;
    for (String key = parser.nextName(); key != null; key = parser.nextName()) {
      parser.nextToken();
      switch (key) {
        case "name" -> name = JsonBodies.text(parser, "the name of inputs[" + index + "]");
        case "datatype" ->
            datatype =
                Datatype.of(JsonBodies.text(parser, "the datatype of inputs[" + index + "]"));
        case "shape" -> shape = shape(parser, index);
        case "data" -> {
          if (data != null) {
            throw Refusal.badRequest("the data of inputs[" + index + "] is given twice");
          }
          data = CellArray.read(parser, "the data of inputs[" + index + "]");
        }
        case "parameters" -> parameters(parser);
        default -> parser.skipChildren();
      }
    }
    if (name == null || datatype == null || shape == null || data == null) {
      throw Refusal.badRequest(
          "inputs[%d] lacks its %s"
              .formatted(
                  index,
                  name == null
                      ? "name"
                      : datatype == null ? "datatype" : shape == null ? "shape" : "data"));
    }
    checkShape(name, shape, data);
    datatype.check(name, data.cells());
    return new Tensor(name, datatype, shape, data);
  }

  private static long[] shape(JsonParser parser, int index) {
    CellArray dimensions = CellArray.read(parser, "the shape of inputs[" + index + "]");
    int count = dimensions.cells().size();
    if (dimensions.shape().length != 1 || count < 1 || count > CellArray.MAX_DEPTH) {
      throw Refusal.badRequest(
          "the shape of inputs[%d] must be an array of 1 to %d numbers"
              .formatted(index, CellArray.MAX_DEPTH));
    }
    long[] shape = new long[count];
    for (int i = 0; i < count; i++) {
      double size = dimensions.cells().number(i);
      if (dimensions.cells().kind(i) != io.millrace.inference.rows.Cells.Kind.WHOLE || size < 0) {
        throw Refusal.badRequest(
            "the shape of inputs[" + index + "] must hold whole numbers of 0 or more");
      }
      shape[i] = (long) size;
    }
    return shape;
  }

  private static void checkShape(String name, long[] shape, CellArray data) {
    long product = 1;
    for (long size : shape) {
      long high = Math.multiplyHigh(product, size);
      product *= size;
      if (high != 0 || product < 0) {
        throw Refusal.badRequest(
            "input '" + name + "': the shape " + shown(shape) + " is too large");
      }
    }
    if (product != data.cells().size()) {
      throw Refusal.badRequest(
          "input '%s': shape %s needs %d values, data has %d"
              .formatted(name, shown(shape), product, data.cells().size()));
    }
    if (data.shape().length > 1) {
      boolean same = data.shape().length == shape.length;
      for (int i = 0; same && i < shape.length; i++) {
        same = data.shape()[i] == shape[i];
      }
      if (!same) {
        throw Refusal.badRequest(
            "input '%s': data is nested as %s, shape says %s"
                .formatted(name, java.util.Arrays.toString(data.shape()), shown(shape)));
      }
    }
  }

  private static Set<String> outputs(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw Refusal.badRequest("outputs must be an array");
    }
    Set<String> outputs = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw Refusal.badRequest("each of outputs must be an object with a name");
      }
      String output = null;
      for (String key = parser.nextName(); key != null; key = parser.nextName()) {
        parser.nextToken();
        switch (key) {
          case "name" -> output = JsonBodies.text(parser, "the name of an output");
          case "parameters" -> parameters(parser);
          default -> parser.skipChildren();
        }
      }
      if (output == null) {
        throw Refusal.badRequest("each of outputs must be an object with a name");
      }
      if (!outputs.add(output)) {
        throw Refusal.badRequest("output '" + output + "' is asked for twice");
      }
    }
    return outputs;
  }

  /** Parameters change nothing here, but those of the binary extension must not pass unnoticed. */
  private static void parameters(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Refusal.badRequest("parameters must be an object");
    }
    for (String key = parser.nextName(); key != null; key = parser.nextName()) {
      JsonToken value = parser.nextToken();
      if (key.equals("binary_data_size")
          || (key.equals("binary_data") || key.equals("binary_data_output"))
              && value == JsonToken.VALUE_TRUE) {
        throw binary();
      }
      if (!value.isScalarValue()) {
        throw Refusal.badRequest("parameter '" + key + "' must be a string, number or boolean");
      }
    }
  }

  static Refusal binary() {
    return Refusal.badRequest(
        "the binary tensor extension is not served here (GET /v2 lists none); send the data as JSON");
  }

  /** Refuses outputs the model does not have. */
  void checkOutputs(List<String> known) {
    if (outputs == null) {
      return;
    }
    for (String output : outputs) {
      if (!known.contains(output)) {
        throw Refusal.badRequest(
            "the model has no output '%s'%s; it has %s"
                .formatted(
                    output.length() > 60 ? output.substring(0, 60) + "..." : output,
                    NearestName.of(output, known).map(n -> " (is '" + n + "' meant?)").orElse(""),
                    String.join(", ", known)));
      }
    }
  }

  /** Whether an output is asked for. */
  boolean wants(String output) {
    return outputs == null || outputs.contains(output);
  }

  private static String shown(long[] shape) {
    return java.util.Arrays.toString(shape);
  }
}
