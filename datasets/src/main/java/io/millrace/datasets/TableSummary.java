package io.millrace.datasets;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a table looks like: made in the one pass that infers its schema, in a memory that does not
 * grow with the rows. The same rows in the same order give the same summary.
 *
 * @param rows data rows
 * @param columns in file order
 */
public record TableSummary(long rows, List<ColumnSummary> columns) {

  public TableSummary {
    columns = List.copyOf(columns);
  }

  public String toJson() {
    return Json.write(this);
  }

  /**
   * @throws DatasetException {@code BAD_JSON}
   */
  public static TableSummary fromJson(String json) {
    return Json.read(json, TableSummary.class, "table summary");
  }

  /** Watches rows as {@link Csv#infer(CsvRows, String, Consumer)} passes them. */
  public static final class Collector implements Consumer<List<String>> {

    private static final int SAMPLES_IN_ALL = 4_000_000;
    private static final int MOST_SAMPLES = 10_000;
    private static final int FEWEST_SAMPLES = 100;

    private final List<Watched> columns = new ArrayList<>();

    @Override
    public void accept(List<String> fields) {
      if (columns.isEmpty()) {
        int samples = Math.clamp(SAMPLES_IN_ALL / fields.size(), FEWEST_SAMPLES, MOST_SAMPLES);
        fields.forEach(field -> columns.add(new Watched(samples)));
      }
      for (int i = 0; i < fields.size(); i++) {
        columns.get(i).observe(fields.get(i));
      }
    }

    /** The summary of the rows seen, whose schema is that. */
    public TableSummary summary(Csv.Inferred table) {
      List<ColumnSummary> summaries = new ArrayList<>();
      for (int i = 0; i < columns.size(); i++) {
        summaries.add(columns.get(i).summary(table.schema().columns().get(i)));
      }
      return new TableSummary(table.rows(), summaries);
    }
  }

  private static final class Watched {
    private static final int SHOWN_VALUES = 20;

    private final int mostSamples;
    private final SplittableRandom random = new SplittableRandom(1);
    private @Nullable Map<String, long[]> texts = new HashMap<>();
    private double[] sample = new double[0];
    private boolean number = true;
    private long missing;
    private long count;
    private double mean;
    private double squares;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    Watched(int mostSamples) {
      this.mostSamples = mostSamples;
    }

    void observe(String cell) {
      if (CellText.isMissing(cell)) {
        missing++;
        return;
      }
      if (texts != null) {
        texts.computeIfAbsent(cell, value -> new long[1])[0]++;
        if (texts.size() > Schema.MAX_CATEGORIES) {
          texts = null;
        }
      }
      if (number) {
        double value = CellText.number(cell);
        if (Double.isNaN(value)) {
          number = false;
          sample = new double[0];
        } else if (Double.isFinite(value)) {
          add(value);
        }
      }
    }

    private void add(double value) {
      count++;
      double delta = value - mean;
      mean += delta / count;
      squares += delta * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
      if (count <= mostSamples) {
        if (sample.length < count) {
          sample = Arrays.copyOf(sample, (int) Math.min(mostSamples, Math.max(64, count * 2)));
        }
        sample[(int) count - 1] = value;
      } else {
        long at = random.nextLong(count);
        if (at < mostSamples) {
          sample[(int) at] = value;
        }
      }
    }

    ColumnSummary summary(Column column) {
      boolean quantity = column.kind().isNumber() && count > 0;
      return new ColumnSummary(
          column.name(),
          column.kind(),
          missing,
          column.distinct(),
          quantity ? mean : null,
          quantity ? Math.sqrt(squares / count) : null,
          quantity ? min : null,
          quantity ? max : null,
          quantity ? quantiles() : null,
          column.kind() == ColumnKind.NUMERIC || column.kind() == ColumnKind.TEXT
              ? null
              : values());
    }

    private List<Double> quantiles() {
      double[] sorted = Arrays.copyOf(sample, (int) Math.min(count, mostSamples));
      Arrays.sort(sorted);
      List<Double> quantiles = new ArrayList<>();
      for (double share : new double[] {0.05, 0.25, 0.5, 0.75, 0.95}) {
        quantiles.add(sorted[(int) Math.round(share * (sorted.length - 1))]);
      }
      return quantiles;
    }

    private @Nullable Map<String, Long> values() {
      if (texts == null) {
        return null;
      }
      Map<String, Long> shown = new LinkedHashMap<>();
      texts.entrySet().stream()
          .sorted(
              Comparator.<Map.Entry<String, long[]>>comparingLong(e -> -e.getValue()[0])
                  .thenComparing(Map.Entry.comparingByKey()))
          .limit(SHOWN_VALUES)
          .forEach(e -> shown.put(e.getKey(), e.getValue()[0]));
      return shown;
    }
  }
}
