package io.millrace.pipeline;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The checked values of a section. Getters trust the declaration in {@link Keys}: asking for
 * another type than declared, or for an optional value that is not there, is a mistake in this
 * module.
 */
final class Values {
  private final LinkedHashMap<String, Object> byKey = new LinkedHashMap<>();

  void put(String key, Object value) {
    byKey.put(key, value);
  }

  boolean has(String key) {
    return byKey.containsKey(key);
  }

  private Object get(String key) {
    return Objects.requireNonNull(byKey.get(key), () -> key + " has no value");
  }

  String text(String key) {
    return (String) get(key);
  }

  long whole(String key) {
    return (Long) get(key);
  }

  int small(String key) {
    return Math.toIntExact(whole(key));
  }

  double decimal(String key) {
    return (Double) get(key);
  }

  boolean flag(String key) {
    return (Boolean) get(key);
  }

  Duration duration(String key) {
    return (Duration) get(key);
  }

  Values section(String key) {
    return (Values) get(key);
  }

  @Nullable Values sectionOrNull(String key) {
    return (Values) byKey.get(key);
  }

  @SuppressWarnings("unchecked")
  <T> List<T> list(String key) {
    return has(key) ? (List<T>) get(key) : List.of();
  }

  @SuppressWarnings("unchecked")
  <T> Map<String, T> named(String key) {
    return has(key) ? (Map<String, T>) get(key) : Map.of();
  }
}
