package io.millrace.tracking.search;

import java.util.Collection;
import java.util.stream.Collectors;

/** Texts as Python writes them, which is how the contract's messages quote. */
final class Python {

  private Python() {}

  static String repr(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    String escaped =
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    return quote + (quote == '\'' ? escaped.replace("'", "\\'") : escaped) + quote;
  }

  static String list(Collection<String> items) {
    return items.stream().map(Python::repr).collect(Collectors.joining(", ", "[", "]"));
  }

  static String tuple(Collection<String> items) {
    return items.stream().map(Python::repr).collect(Collectors.joining(", ", "(", ")"));
  }

  static String set(Collection<String> items) {
    return items.stream().sorted().map(Python::repr).collect(Collectors.joining(", ", "{", "}"));
  }
}
