package io.millrace.monitoring;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The tables in {@code src/test/resources/drift}, column by column. */
public final class Samples {

  private Samples() {}

  public static Path file(String name) {
    try {
      URL found = Samples.class.getResource("/drift/" + name);
      return Path.of(Objects.requireNonNull(found, name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Columns of numbers in file order; missing values are NaN. */
  public static Map<String, double[]> columns(String name) {
    List<String[]> lines = lines(name);
    String[] header = lines.getFirst();
    Map<String, double[]> columns = new LinkedHashMap<>();
    for (int c = 0; c < header.length; c++) {
      int column = c;
      columns.put(
          header[c],
          lines.stream()
              .skip(1)
              .mapToDouble(
                  line -> line[column].isEmpty() ? Double.NaN : Double.parseDouble(line[column]))
              .toArray());
    }
    return columns;
  }

  public static List<String[]> lines(String name) {
    try {
      List<String[]> lines = new ArrayList<>();
      for (String line : Files.readAllLines(file(name + ".csv"))) {
        lines.add(line.split(",", -1));
      }
      return lines;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
