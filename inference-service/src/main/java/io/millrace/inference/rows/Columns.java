package io.millrace.inference.rows;

import io.millrace.datasets.ColumnKind;
import io.millrace.datasets.NearestName;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The input columns of one model, with what is needed to find them and their categories fast. */
public final class Columns {

  private final Signature signature;
  private final List<Feature> features;
  private final List<String> names;
  private final Map<String, Integer> positions = new HashMap<>();
  private final List<Map<String, Integer>> codes;
  private final boolean categories;

  public Columns(Signature signature) {
    this.signature = signature;
    this.features = signature.features();
    this.names = signature.names();
    for (int i = 0; i < names.size(); i++) {
      positions.put(names.get(i), i);
    }
    this.codes = features.stream().map(Columns::codesOf).toList();
    this.categories = features.stream().anyMatch(f -> !f.kind().isNumber());
  }

  /** Number of columns. */
  public int width() {
    return features.size();
  }

  /** Their names, in the model's order. */
  public List<String> names() {
    return names;
  }

  /** What they are, in the model's order. */
  public List<Feature> features() {
    return features;
  }

  /** Class labels in the order of the probabilities; empty for a regression. */
  public List<String> classes() {
    return signature.classes();
  }

  /** True where the model predicts a class. */
  public boolean classifies() {
    return signature.task() == Task.CLASSIFICATION;
  }

  /** True where a column is not a number. */
  public boolean hasCategories() {
    return categories;
  }

  /** Position of a column, or -1. */
  public int positionOf(String name) {
    return positions.getOrDefault(name, -1);
  }

  /** What is wrong with a request that lacks a column. */
  public InvalidRows absent(int column, Collection<String> given) {
    String name = names.get(column);
    return new InvalidRows(
        "column '%s' is missing%s; the model takes %s"
            .formatted(
                name,
                NearestName.of(name, given).map(n -> " (is '" + n + "' meant?)").orElse(""),
                listed()));
  }

  /** What is wrong with a request that has a column the model does not know. */
  public InvalidRows unknown(String name) {
    return new InvalidRows(
        "the model has no column '%s'%s; it takes %s"
            .formatted(
                abbreviated(name),
                NearestName.of(name, names).map(n -> " (is '" + n + "' meant?)").orElse(""),
                listed()));
  }

  int code(int column, String category) {
    return codes.get(column).getOrDefault(category, -1);
  }

  private String listed() {
    return names.size() <= 40
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, 40)) + " and " + (names.size() - 40) + " more";
  }

  static String abbreviated(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }

  private static Map<String, Integer> codesOf(Feature feature) {
    Map<String, Integer> codes = new HashMap<>();
    if (feature.kind() == ColumnKind.CATEGORICAL) {
      for (int i = 0; i < feature.categories().size(); i++) {
        codes.put(feature.categories().get(i), i);
      }
    }
    return codes;
  }
}
