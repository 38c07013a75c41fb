package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** What the registry's events leave out, as it is now. */
@Component
public class RegistryFacts {

  /** Description, empty where there is none, and tags. */
  public record Description(String text, Map<String, String> tags) {

    static final Description NONE = new Description("", Map.of());
  }

  /** Of a registered model; with nothing in it where there is no such model any more. */
  public Description ofModel(Tx tx, String name) {
    return described(
        tx.queryOne(
            """
            select m.description,
              array(select key from registered_model_tags t where t.name = m.name order by key)
                as tag_keys,
              array(select value from registered_model_tags t where t.name = m.name order by key)
                as tag_values
            from registered_models m where m.name = $1
            """,
            row ->
                new Row(
                    row.string("description"),
                    row.array("tag_keys", String[].class),
                    row.array("tag_values", String[].class)),
            name));
  }

  /** Of a version; with nothing in it where there is no such version any more. */
  public Description ofVersion(Tx tx, String name, int version) {
    return described(
        tx.queryOne(
            """
            select v.description,
              array(select key from model_version_tags t
                    where t.name = v.name and t.version = v.version order by key) as tag_keys,
              array(select value from model_version_tags t
                    where t.name = v.name and t.version = v.version order by key) as tag_values
            from model_versions v where v.name = $1 and v.version = $2
            """,
            row ->
                new Row(
                    row.string("description"),
                    row.array("tag_keys", String[].class),
                    row.array("tag_values", String[].class)),
            name,
            version));
  }

  @SuppressWarnings("ArrayRecordComponent") // Carried from the row to the map, never compared.
  private record Row(String description, String[] keys, String[] values) {}

  private static Description described(Optional<Row> found) {
    return found
        .map(
            row -> {
              Map<String, String> tags = new TreeMap<>();
              for (int i = 0; i < row.keys().length; i++) {
                tags.put(row.keys()[i], row.values()[i]);
              }
              return new Description(row.description(), tags);
            })
        .orElse(Description.NONE);
  }
}
