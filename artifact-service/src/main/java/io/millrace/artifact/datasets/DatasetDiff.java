package io.millrace.artifact.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.datasets.Column;
import io.millrace.datasets.ColumnSummary;
import io.millrace.datasets.Schema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What changed from one version of a dataset to another.
 *
 * @param files by path
 * @param rows data rows of all tables
 * @param columns of the schema that came, went, or changed their kind
 * @param profile figures of columns that both have and that differ
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DatasetDiff(
    String name,
    int from,
    int to,
    boolean identical,
    Files files,
    Change<Long> rows,
    Change<Long> size,
    Columns columns,
    List<ColumnChange> profile) {

  /** Files that came, went, have other bytes, or are the same. */
  record Files(List<Entry> added, List<Entry> removed, List<Replaced> changed, int unchanged) {}

  /** A file. */
  record Entry(String path, long size, String sha256) {}

  /** A file with other bytes. */
  record Replaced(String path, Entry from, Entry to) {}

  /** A figure before and after. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Change<T>(@Nullable T from, @Nullable T to) {}

  /** Columns that came, went, or changed their kind. */
  record Columns(List<String> added, List<String> removed, Map<String, Change<String>> changed) {}

  /** Figures of a column that changed, by name. */
  record ColumnChange(String path, String column, Map<String, Change<Object>> figures) {}

  static DatasetDiff of(
      DatasetVersion from,
      DatasetVersion to,
      List<VersionFile> before,
      List<VersionFile> after,
      java.util.function.Function<VersionFile, @Nullable ContentTable> tables) {
    Map<FilePath, VersionFile> old = new TreeMap<>();
    before.forEach(file -> old.put(file.path(), file));
    List<Entry> added = new ArrayList<>();
    List<Replaced> changed = new ArrayList<>();
    List<ColumnChange> profile = new ArrayList<>();
    int unchanged = 0;
    for (VersionFile file : after) {
      // A single table is the same file whatever its sender called it.
      VersionFile was =
          before.size() == 1 && after.size() == 1
              ? old.remove(before.getFirst().path())
              : old.remove(file.path());
      if (was == null) {
        added.add(entry(file));
      } else if (was.object().sha256().equals(file.object().sha256())) {
        unchanged++;
      } else {
        changed.add(new Replaced(file.path().value(), entry(was), entry(file)));
        profile.addAll(figures(file.path(), tables.apply(was), tables.apply(file)));
      }
    }
    List<Entry> removed = old.values().stream().map(DatasetDiff::entry).toList();
    return new DatasetDiff(
        to.name().value(),
        from.version(),
        to.version(),
        added.isEmpty() && removed.isEmpty() && changed.isEmpty(),
        new Files(added, removed, changed, unchanged),
        new Change<>(from.rows(), to.rows()),
        new Change<>(from.size(), to.size()),
        columns(Schema.fromJson(from.schema()), Schema.fromJson(to.schema())),
        profile);
  }

  private static Columns columns(Schema from, Schema to) {
    Map<String, Column> old = new LinkedHashMap<>();
    from.columns().forEach(column -> old.put(column.name(), column));
    List<String> added = new ArrayList<>();
    Map<String, Change<String>> changed = new LinkedHashMap<>();
    for (Column column : to.columns()) {
      Column was = old.remove(column.name());
      if (was == null) {
        added.add(column.name());
      } else if (was.kind() != column.kind()) {
        changed.put(column.name(), new Change<>(was.kind().name(), column.kind().name()));
      }
    }
    return new Columns(added, List.copyOf(old.keySet()), changed);
  }

  private static List<ColumnChange> figures(
      FilePath path, @Nullable ContentTable from, @Nullable ContentTable to) {
    if (from == null || to == null) {
      return List.of();
    }
    Map<String, ColumnSummary> old = new LinkedHashMap<>();
    from.summary().columns().forEach(column -> old.put(column.name(), column));
    List<ColumnChange> changes = new ArrayList<>();
    for (ColumnSummary now : to.summary().columns()) {
      ColumnSummary was = old.get(now.name());
      if (was != null) {
        Map<String, Change<Object>> figures = new LinkedHashMap<>();
        put(figures, "missing", was.missing(), now.missing());
        put(figures, "distinct", was.distinct(), now.distinct());
        put(figures, "mean", was.mean(), now.mean());
        put(figures, "std", was.std(), now.std());
        put(figures, "min", was.min(), now.min());
        put(figures, "max", was.max(), now.max());
        put(figures, "quantiles", was.quantiles(), now.quantiles());
        put(figures, "values", was.values(), now.values());
        if (!figures.isEmpty()) {
          changes.add(new ColumnChange(path.value(), now.name(), figures));
        }
      }
    }
    return changes;
  }

  private static void put(
      Map<String, Change<Object>> figures,
      String name,
      @Nullable Object from,
      @Nullable Object to) {
    if (!Objects.equals(from, to)) {
      figures.put(name, new Change<>(from, to));
    }
  }

  private static Entry entry(VersionFile file) {
    return new Entry(file.path().value(), file.object().size(), file.object().sha256());
  }
}
