package io.millrace.datasets;

import io.millrace.datasets.DatasetException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads CSV files into columns. Missing values are blank fields and {@code NA}, {@code N/A}, {@code
 * NaN}, {@code nan}, {@code null}, {@code NULL}. The text of the file is never held as a whole.
 */
public final class Csv {
  private Csv() {}

  /**
   * A schema with the number of rows it was inferred from.
   *
   * @param rows data rows, the header not counted
   */
  public record Inferred(Schema schema, long rows) {}

  /** Reads the whole file once, keeping only what the schema needs. */
  public static Inferred infer(Path path) {
    try (CsvRows rows = CsvRows.open(path)) {
      return infer(rows, path.getFileName().toString());
    }
  }

  /** As {@link #infer(Path)}, from rows already open; {@code file} is the name used in messages. */
  public static Inferred infer(CsvRows rows, String file) {
    return infer(rows, file, row -> {});
  }

  /** The same, showing each row to somebody else too. */
  public static Inferred infer(CsvRows rows, String file, Consumer<List<String>> each) {
    List<SchemaInference> columns = rows.header().stream().map(SchemaInference::new).toList();
    long count = 0;
    for (Optional<List<String>> row = rows.next(); row.isPresent(); row = rows.next()) {
      List<String> fields = row.get();
      for (int i = 0; i < fields.size(); i++) {
        columns.get(i).observe(fields.get(i));
      }
      each.accept(fields);
      count++;
    }
    if (count == 0) {
      throw new DatasetException(Code.NO_ROWS, file + " has a header but no rows");
    }
    return new Inferred(new Schema(columns.stream().map(SchemaInference::column).toList()), count);
  }

  /** Infers the schema in one pass and reads the values in a second. */
  public static Table read(Path path) {
    Inferred inferred = infer(path);
    return read(path, inferred.schema());
  }

  /**
   * Reads with a known schema; columns the schema does not name are ignored.
   *
   * @throws DatasetException {@code MISSING_COLUMN} where the file lacks a column, {@code
   *     BAD_VALUE} where a number is not one. A category the schema does not list reads as missing.
   */
  public static Table read(Path path, Schema schema) {
    String file = path.getFileName().toString();
    try (CsvRows rows = CsvRows.open(path)) {
      int[] positions = new int[schema.columns().size()];
      for (int i = 0; i < positions.length; i++) {
        String name = schema.columns().get(i).name();
        positions[i] = rows.header().indexOf(name);
        if (positions[i] < 0) {
          throw new DatasetException(
              Code.MISSING_COLUMN,
              "%s has no column '%s'%s"
                  .formatted(
                      file,
                      name,
                      NearestName.of(name, rows.header())
                          .map(n -> " (did you mean '" + n + "'?)")
                          .orElse("")));
        }
      }
      List<ColumnBuffer> buffers = new ArrayList<>();
      schema.columns().forEach(c -> buffers.add(new ColumnBuffer(c)));
      int count = 0;
      for (Optional<List<String>> row = rows.next(); row.isPresent(); row = rows.next()) {
        List<String> fields = row.get();
        for (int i = 0; i < positions.length; i++) {
          if (!buffers.get(i).add(fields.get(positions[i]))) {
            throw new DatasetException(
                Code.BAD_VALUE,
                "%s, line %d, column '%s': '%s' is not a number"
                    .formatted(
                        file,
                        rows.line(),
                        schema.columns().get(i).name(),
                        shortened(fields.get(positions[i]))));
          }
        }
        count++;
      }
      if (count == 0) {
        throw new DatasetException(Code.NO_ROWS, file + " has a header but no rows");
      }
      return new Table(schema, count, buffers.stream().map(ColumnBuffer::values).toList());
    }
  }

  private static String shortened(String value) {
    return value.length() <= 40 ? value : value.substring(0, 40) + "...";
  }

  /** Grows the primitive values of one column. */
  private static final class ColumnBuffer {
    private final Column column;
    private final Map<String, Integer> codes = new HashMap<>();
    private double[] numbers = new double[0];
    private int[] entries = new int[0];
    private int size;

    ColumnBuffer(Column column) {
      this.column = column;
      if (column.kind().isNumber()) {
        numbers = new double[1024];
      } else {
        entries = new int[1024];
        for (int i = 0; i < column.categories().size(); i++) {
          codes.put(column.categories().get(i), i);
        }
      }
    }

    boolean add(String cell) {
      boolean missing = CellText.isMissing(cell);
      if (column.kind().isNumber()) {
        double value = missing ? Double.NaN : CellText.number(cell);
        if (!missing && Double.isNaN(value)) {
          return false;
        }
        if (size == numbers.length) {
          numbers = java.util.Arrays.copyOf(numbers, size * 2);
        }
        numbers[size++] = value;
        return true;
      }
      if (size == entries.length) {
        entries = java.util.Arrays.copyOf(entries, size * 2);
      }
      entries[size++] = missing ? Table.MISSING : code(cell);
      return true;
    }

    private int code(String cell) {
      return switch (column.kind()) {
        case TEXT -> cell.hashCode() & Integer.MAX_VALUE;
        case BOOLEAN -> column.codeOf(cell);
        case CATEGORICAL, NUMERIC, INTEGER -> codes.getOrDefault(cell, Table.MISSING);
      };
    }

    Object values() {
      return column.kind().isNumber()
          ? java.util.Arrays.copyOf(numbers, size)
          : java.util.Arrays.copyOf(entries, size);
    }
  }
}
