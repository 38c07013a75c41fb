package io.millrace.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file's values before anybody asks what they mean: the same for YAML, JSON and overrides. Lines
 * count from 1; 0 is unknown.
 */
sealed interface Tree {

  int line();

  /** A scalar as it stands, without guessing a type. */
  record Scalar(String text, int line) implements Tree {}

  /** Nothing, as in {@code slices:} or {@code slices: null}: the key counts as not given. */
  record Nothing(int line) implements Tree {}

  record Items(List<Tree> items, int line) implements Tree {}

  record Mapping(LinkedHashMap<String, Tree> entries, int line) implements Tree {
    static Mapping empty(int line) {
      return new Mapping(new LinkedHashMap<>(), line);
    }
  }

  /** What kind of value this is, in words. */
  default String kind() {
    return switch (this) {
      case Scalar scalar -> "\"" + shortened(scalar.text()) + "\"";
      case Nothing _ -> "nothing";
      case Items _ -> "a list";
      case Mapping _ -> "a group of keys";
    };
  }

  static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  /** From what {@link Pipeline#toJson()} is made of: maps, lists, strings, numbers and booleans. */
  static Tree of(Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        Mapping mapping = Mapping.empty(0);
        map.forEach((key, item) -> mapping.entries().put(String.valueOf(key), of(item)));
        yield mapping;
      }
      case List<?> list -> new Items(list.stream().map(Tree::of).toList(), 0);
      default -> new Scalar(value.toString(), 0);
    };
  }
}
