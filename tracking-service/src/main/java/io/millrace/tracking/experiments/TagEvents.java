package io.millrace.tracking.experiments;

import io.millrace.events.KeyValue;
import io.millrace.tracking.mlflow.Names;
import java.util.List;
import java.util.Map;

/**
 * Tags and parameters as events carry them: so many, and so much of each, that an event which has
 * some of both stays below 900 KiB in any script. Whoever needs all of it asks the service.
 */
public final class TagEvents {

  /** Most of them in one event. */
  public static final int MOST = 100;

  /** Longest text, in characters. */
  private static final int LONGEST_VALUE = 500;

  private TagEvents() {}

  /** The first of the entries, by key. */
  public static List<KeyValue> some(Map<String, String> values) {
    return values.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .limit(MOST)
        .map(entry -> one(entry.getKey(), entry.getValue()))
        .toList();
  }

  /** A tag that was removed. */
  public static List<KeyValue> removed(String key) {
    return List.of(KeyValue.newBuilder().setKey(Names.truncated(key, Names.LONGEST_KEY)).build());
  }

  private static KeyValue one(String key, String value) {
    String kept = Names.truncated(value, LONGEST_VALUE);
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(kept)
        .setCut(kept.length() < value.length())
        .build();
  }
}
