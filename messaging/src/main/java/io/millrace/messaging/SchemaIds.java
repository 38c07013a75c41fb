package io.millrace.messaging;

import io.millrace.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The append-only catalogue of writer schemas in the module `schemas`: an id per published version
 * of each event, never changed and never reused.
 */
public final class SchemaIds {

  private static final String FOLDER = "/schemas/";
  private static final String CATALOGUE = FOLDER + "catalogue.json";

  private final List<Entry> entries;
  private final Map<Integer, Entry> byId = new HashMap<>();
  private final Map<String, Entry> newest = new HashMap<>();

  /**
   * One published schema.
   *
   * @param id number in the Confluent framing, from 1
   * @param subject registry subject
   * @param version version within the subject, from 1
   * @param schema the writer schema
   */
  public record Entry(int id, String subject, int version, Schema schema) {}

  private SchemaIds(List<Entry> entries) {
    this.entries = List.copyOf(entries);
    for (Entry entry : entries) {
      if (byId.put(entry.id(), entry) != null) {
        throw new IllegalStateException(CATALOGUE + " gives id " + entry.id() + " twice");
      }
      newest.merge(
          entry.schema().getFullName(), entry, (a, b) -> a.version() > b.version() ? a : b);
    }
  }

  /** Reads the catalogue from the class path. */
  public static SchemaIds load() {
    try (InputStream in = Topics.class.getResourceAsStream(CATALOGUE)) {
      return new SchemaIds(in == null ? unpublished() : read(in));
    } catch (IOException failure) {
      throw new IllegalStateException("Cannot read " + CATALOGUE, failure);
    }
  }

  /** Every entry, in the order of the catalogue. */
  public List<Entry> entries() {
    return entries;
  }

  /** The writer schema of that id, if it is known. */
  public Optional<Schema> schema(int id) {
    return Optional.ofNullable(byId.get(id)).map(Entry::schema);
  }

  /**
   * Id under which records of this schema are written.
   *
   * @throws IllegalStateException if the newest published version is not this schema
   */
  public int newestId(Schema schema) {
    Entry entry = newest.get(schema.getFullName());
    if (entry == null || !canonical(entry.schema()).equals(canonical(schema))) {
      throw new IllegalStateException(
          schema.getFullName()
              + (entry == null ? " is not in " : " differs from its newest version in ")
              + CATALOGUE
              + ": publish a new version in the module schemas.");
    }
    return entry.id();
  }

  private static String canonical(Schema schema) {
    return org.apache.avro.SchemaNormalization.toParsingForm(schema);
  }

  private static List<Entry> read(InputStream in) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (JsonNode row : JsonMapper.shared().readTree(in)) {
      String file = row.get("file").asString();
      entries.add(
          new Entry(
              row.get("id").asInt(),
              row.get("subject").asString(),
              row.get("version").asInt(),
              new Schema.Parser().parse(text(file.startsWith("/") ? file : FOLDER + file))));
    }
    return entries;
  }

  private static String text(String resource) throws IOException {
    try (@Nullable InputStream in = Topics.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(CATALOGUE + " names " + resource + ", which is not there");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static List<Entry> unpublished() {
    List<Entry> entries = new ArrayList<>();
    Topics.all()
        .forEach(
            topic ->
                topic
                    .schemas()
                    .forEach(
                        schema ->
                            entries.add(
                                new Entry(entries.size() + 1, topic.subject(schema), 1, schema))));
    return entries;
  }
}
