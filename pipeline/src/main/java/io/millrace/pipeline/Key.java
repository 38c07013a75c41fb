package io.millrace.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One declared key.
 *
 * @param name as written in the file
 * @param shape what its value looks like
 * @param need whether it has to be there
 * @param fallback the value where it is not given, as YAML; null without one
 * @param doc what it does, in sentences, for the reference and for errors
 */
record Key(String name, Shape shape, Need need, @Nullable String fallback, String doc) {

  enum Need {
    REQUIRED,
    DEFAULTED,
    OPTIONAL
  }

  static Key required(String name, Shape shape, String doc) {
    return new Key(name, shape, Need.REQUIRED, null, doc);
  }

  static Key withDefault(String name, Shape shape, String fallback, String doc) {
    return new Key(name, shape, Need.DEFAULTED, fallback, doc);
  }

  static Key optional(String name, Shape shape, String doc) {
    return new Key(name, shape, Need.OPTIONAL, null, doc);
  }

  /** A group of keys that have defaults themselves, and so may be left out as a whole. */
  static Key group(String name, String doc, Shape.Section section) {
    return new Key(name, section, Need.DEFAULTED, "{}", doc);
  }

  static List<String> names(List<Key> keys) {
    return keys.stream().map(Key::name).toList();
  }
}
