package io.millrace.datasets;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.millrace.datasets.DatasetException.Code;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The rows of a CSV file (RFC 4180: comma, double quotes, CRLF or LF, UTF-8 with or without a byte
 * order mark, first record is the header), read one at a time. Blank lines are skipped. Not for use
 * by several threads.
 *
 * <p>Every fault of the file is a {@link DatasetException} that names the file and the line.
 */
public final class CsvRows implements AutoCloseable {
  private final String file;
  private final CsvReader<CsvRecord> reader;
  private final CloseableIterator<CsvRecord> records;
  private final List<String> header;
  private long line;

  private CsvRows(String file, InputStream bytes) throws IOException {
    this.file = file;
    InputStream in = withoutMark(new BufferedInputStream(bytes, 1 << 16));
    this.reader =
        CsvReader.builder()
            .allowExtraFields(true)
            .allowMissingFields(true)
            .skipEmptyLines(true)
            .ofCsvRecord(
                new InputStreamReader(
                    in,
                    StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
    this.records = reader.iterator();
    this.header = readHeader();
  }

  /** Opens a file and reads its header. */
  public static CsvRows open(Path path) {
    try {
      return open(path.getFileName().toString(), Files.newInputStream(path));
    } catch (NoSuchFileException e) {
      throw new DatasetException(Code.NOT_FOUND, "there is no file " + path, e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }

  /**
   * Reads from a stream, which is closed with the rows.
   *
   * @param file the name used in messages
   */
  public static CsvRows open(String file, InputStream bytes) {
    try {
      return new CsvRows(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    } catch (RuntimeException e) {
      try {
        bytes.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** The column names. */
  public List<String> header() {
    return header;
  }

  /** The line of the file at which the last returned row starts, from 1. */
  public long line() {
    return line;
  }

  /** The next row, as many fields as the header has names; empty at the end of the file. */
  public Optional<List<String>> next() {
    Optional<CsvRecord> row = record();
    row.ifPresent(
        r -> {
          if (r.getFieldCount() != header.size()) {
            throw new DatasetException(
                Code.RAGGED_ROW,
                "%s, line %d: expected %d fields as in the header, found %d; quote fields that contain commas or line breaks"
                    .formatted(file, r.getStartingLineNumber(), header.size(), r.getFieldCount()));
          }
        });
    return row.map(CsvRecord::getFields);
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file, e);
    }
  }

  private List<String> readHeader() {
    CsvRecord first =
        record()
            .orElseThrow(
                () ->
                    new DatasetException(
                        Code.EMPTY_FILE, file + " is empty; its first line must name the columns"));
    List<String> names = first.getFields().stream().map(String::strip).toList();
    if (names.size() == 1 && (names.getFirst().contains(";") || names.getFirst().contains("\t"))) {
      throw new DatasetException(
          Code.MALFORMED,
          "%s, line %d: the header has one column, '%s', which looks separated by %s; save the file with commas"
              .formatted(
                  file,
                  line,
                  names.getFirst(),
                  names.getFirst().contains(";") ? "semicolons" : "tabs"));
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (name.isEmpty()) {
        throw new DatasetException(
            Code.EMPTY_HEADER,
            "%s, line %d: column %d of %d has no name; name it in the header"
                .formatted(file, line, i + 1, names.size()));
      }
      if (!seen.add(name)) {
        throw new DatasetException(
            Code.DUPLICATE_COLUMN,
            "%s, line %d: the column name '%s' occurs twice, at %d and %d; rename one"
                .formatted(file, line, name, names.indexOf(name) + 1, i + 1));
      }
    }
    return names;
  }

  private Optional<CsvRecord> record() {
    try {
      if (!records.hasNext()) {
        return Optional.empty();
      }
      CsvRecord next = records.next();
      line = next.getStartingLineNumber();
      return Optional.of(next);
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw notUtf8(e);
      }
      throw e;
    } catch (CsvParseException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw notUtf8(e);
      }
      String detail = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      throw new DatasetException(
          Code.MALFORMED, "%s, after line %d: not CSV: %s".formatted(file, line, detail), e);
    }
  }

  private DatasetException notUtf8(Exception e) {
    return new DatasetException(
        Code.NOT_UTF8,
        "%s is not UTF-8 text (a wrong byte sequence after line %d); convert it, for example with iconv -t UTF-8"
            .formatted(file, line),
        e);
  }

  private InputStream withoutMark(BufferedInputStream in) throws IOException {
    in.mark(3);
    byte[] start = in.readNBytes(3);
    boolean mark =
        start.length == 3
            && start[0] == (byte) 0xEF
            && start[1] == (byte) 0xBB
            && start[2] == (byte) 0xBF;
    if (!mark) {
      in.reset();
    }
    return in;
  }
}
