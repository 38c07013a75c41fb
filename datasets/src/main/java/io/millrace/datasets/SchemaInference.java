package io.millrace.datasets;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Watches the cells of one column and says in the end what kind it is. */
final class SchemaInference {
  private final String name;
  private final Set<String> texts = new HashSet<>();
  private final Set<Double> numbers = new HashSet<>();
  private boolean nullable;
  private boolean number = true;
  private boolean whole = true;
  private boolean bool = true;
  private boolean any;

  SchemaInference(String name) {
    this.name = name;
  }

  void observe(String cell) {
    if (CellText.isMissing(cell)) {
      nullable = true;
      return;
    }
    any = true;
    if (texts.size() <= Schema.MAX_CATEGORIES) {
      texts.add(cell);
    }
    bool = bool && CellText.isBoolean(cell);
    if (number) {
      double value = CellText.number(cell);
      if (Double.isNaN(value) || CellText.hasCodeZeros(cell)) {
        number = false;
        numbers.clear();
      } else {
        whole = whole && CellText.isWhole(value);
        if (numbers.size() <= Schema.MAX_CATEGORIES) {
          numbers.add(value == 0 ? 0.0 : value);
        }
      }
    }
  }

  Column column() {
    if (!any) {
      return new Column(name, ColumnKind.NUMERIC, nullable, 0, List.of());
    }
    if (bool) {
      return new Column(
          name, ColumnKind.BOOLEAN, nullable, lower().size(), List.of("false", "true"));
    }
    if (number) {
      boolean classes = whole && numbers.size() <= Schema.MAX_CLASSES;
      List<String> values =
          classes
              ? numbers.stream().sorted().map(v -> Long.toString(v.longValue())).toList()
              : List.of();
      return new Column(
          name, whole ? ColumnKind.INTEGER : ColumnKind.NUMERIC, nullable, numbers.size(), values);
    }
    if (texts.size() > Schema.MAX_CATEGORIES) {
      return new Column(name, ColumnKind.TEXT, nullable, texts.size(), List.of());
    }
    List<String> sorted = new ArrayList<>(texts);
    sorted.sort(Comparator.naturalOrder());
    return new Column(name, ColumnKind.CATEGORICAL, nullable, sorted.size(), sorted);
  }

  private Set<String> lower() {
    Set<String> lower = new HashSet<>();
    texts.forEach(t -> lower.add(t.toLowerCase(java.util.Locale.ROOT)));
    return lower;
  }
}
