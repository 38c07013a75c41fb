package io.millrace.tracking.lineage;

import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * That one thing came out of another or used it.
 *
 * @param from upstream
 * @param to downstream
 * @param how a word for it
 * @param details what else is known of it
 */
record Edge(Node from, Node to, String how, SortedMap<String, String> details) {

  static Edge of(Node from, Node to, String how) {
    return new Edge(from, to, how, new TreeMap<>());
  }

  /** The same with one more detail, where there is one. */
  Edge with(String key, @Nullable String value) {
    SortedMap<String, String> more = new TreeMap<>(details);
    if (value != null && !value.isEmpty()) {
      more.put(key, value);
    }
    return new Edge(from, to, how, more);
  }
}
