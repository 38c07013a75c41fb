package io.millrace.artifact.datasets;

import io.millrace.datasets.Csv;
import io.millrace.datasets.CsvRows;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.TableSummary;
import io.millrace.problems.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/** Reads a CSV once and says what it is as a table. */
final class TableReader {

  private TableReader() {}

  /**
   * Reads to the end.
   *
   * @param file its name in messages
   * @throws NoTable if the bytes are not a table
   * @throws IOException of the stream
   */
  static ContentTable read(String file, InputStream bytes) throws IOException {
    long line = 1;
    try (CsvRows rows = CsvRows.open(file, bytes)) {
      try {
        TableSummary.Collector collector = new TableSummary.Collector();
        Csv.Inferred inferred = Csv.infer(rows, file, collector);
        return new ContentTable(inferred.rows(), inferred.schema(), collector.summary(inferred));
      } catch (DatasetException e) {
        line = rows.line();
        throw e;
      }
    } catch (DatasetException e) {
      throw new NoTable(e, line);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The bytes are not a table. */
  static final class NoTable extends RuntimeException {
    private final String code;
    private final String message;
    private final long line;

    NoTable(DatasetException fault, long line) {
      super(fault);
      this.code = fault.code().name().toLowerCase(Locale.ROOT).replace('_', '-');
      this.message = String.valueOf(fault.getMessage());
      this.line = line;
    }

    RejectedTable of(DatasetName name, String file, String createdBy) {
      return new RejectedTable(name, file, line, code, message, Instant.now(), createdBy);
    }

    ApiProblem problem() {
      return new ApiProblem(422, code, message, Map.of("line", line));
    }
  }
}
