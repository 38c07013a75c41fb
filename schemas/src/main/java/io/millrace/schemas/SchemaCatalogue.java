package io.millrace.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/**
 * The append-only catalogue of all schema versions, read from the class path. Immutable, safe for
 * any number of threads.
 */
public final class SchemaCatalogue {
  static final String INDEX = "schemas/catalogue.json";

  private final List<RegisteredSchema> all;
  private final Map<Integer, RegisteredSchema> byId = new HashMap<>();
  private final Map<String, RegisteredSchema> newest = new HashMap<>();
  private final Map<String, List<RegisteredSchema>> bySubject = new LinkedHashMap<>();

  private SchemaCatalogue(List<RegisteredSchema> all) {
    this.all = List.copyOf(all);
    for (RegisteredSchema schema : all) {
      byId.put(schema.id(), schema);
      newest.put(schema.record(), schema);
      bySubject.computeIfAbsent(schema.subject(), _ -> new ArrayList<>()).add(schema);
    }
    bySubject.replaceAll((_, versions) -> List.copyOf(versions));
  }

  /** Reads the catalogue that is packed with this class. */
  public static SchemaCatalogue load() {
    try {
      List<RegisteredSchema> schemas = new ArrayList<>();
      for (JsonNode entry : new ObjectMapper().readTree(resource(INDEX))) {
        String file = "schemas/" + entry.required("file").asText();
        schemas.add(
            new RegisteredSchema(
                entry.required("id").asInt(),
                entry.required("subject").asText(),
                entry.required("version").asInt(),
                entry.required("record").asText(),
                // A parser of its own for each: all of them define the same names.
                new Schema.Parser().parse(new String(resource(file), UTF_8))));
      }
      return new SchemaCatalogue(schemas);
    } catch (IOException e) {
      throw new UncheckedIOException("the schema catalogue on the class path cannot be read", e);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = SchemaCatalogue.class.getClassLoader().getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path; rebuild the module schemas");
      }
      return in.readAllBytes();
    }
  }

  /** All versions of all subjects by ascending id. */
  public List<RegisteredSchema> all() {
    return all;
  }

  /** The schema of that id, if there is one. */
  public Optional<RegisteredSchema> byId(int id) {
    return Optional.ofNullable(byId.get(id));
  }

  /**
   * The newest version of an event's schema.
   *
   * @param recordFullName for example {@code io.millrace.events.RunStarted}
   * @throws IllegalArgumentException if no such event is in the catalogue
   */
  public RegisteredSchema newest(String recordFullName) {
    RegisteredSchema schema = newest.get(recordFullName);
    if (schema == null) {
      throw new IllegalArgumentException(
          recordFullName
              + " is not in the schema catalogue; declare it in Topics and renew the catalogue as"
              + " schemas/README.md says");
    }
    return schema;
  }

  /** All subjects in the order of their first id. */
  public List<String> subjects() {
    return List.copyOf(bySubject.keySet());
  }

  /** The versions of a subject, oldest first; empty for a subject that does not exist. */
  public List<RegisteredSchema> versions(String subject) {
    return bySubject.getOrDefault(subject, List.of());
  }
}
