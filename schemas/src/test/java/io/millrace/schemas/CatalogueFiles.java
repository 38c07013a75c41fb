package io.millrace.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;

/** The files of the catalogue: what is committed, and what the IDL of today adds to it. */
final class CatalogueFiles {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path folder;

  /**
   * @param folder that holds {@code catalogue.json} and one folder per event
   */
  CatalogueFiles(Path folder) {
    this.folder = folder;
  }

  record Line(int id, String subject, int version, String record, String file) {}

  List<Line> lines() throws IOException {
    Path index = folder.resolve("catalogue.json");
    List<Line> lines = new ArrayList<>();
    if (Files.exists(index)) {
      for (JsonNode line : MAPPER.readTree(index.toFile())) {
        lines.add(MAPPER.treeToValue(line, Line.class));
      }
    }
    return lines;
  }

  Schema schema(Line line) throws IOException {
    return new Schema.Parser().parse(Files.readString(folder.resolve(line.file())));
  }

  /** What has to be done so that the catalogue has the given topics' schemas; empty: nothing. */
  List<String> differences(List<Topic> topics) throws IOException {
    return visit(topics, false);
  }

  /**
   * Adds what is missing and returns what was done.
   *
   * @throws IncompatibleSchema if a changed schema cannot read what older versions wrote
   */
  List<String> update(List<Topic> topics) throws IOException {
    return visit(topics, true);
  }

  private List<String> visit(List<Topic> topics, boolean write) throws IOException {
    List<Line> lines = new ArrayList<>(lines());
    List<String> differences = new ArrayList<>();
    for (Topic topic : topics) {
      for (Schema declared : topic.schemas()) {
        Schema schema = plain(declared);
        String subject = topic.subject(schema);
        List<Line> versions = lines.stream().filter(l -> l.subject().equals(subject)).toList();
        Line newest = versions.isEmpty() ? null : versions.getLast();
        if (newest != null && schema(newest).equals(schema)) {
          if (!Files.readString(folder.resolve(newest.file())).equals(text(schema))) {
            differences.add(newest.file() + ": the documentation changed");
            if (write) {
              Files.writeString(folder.resolve(newest.file()), text(schema));
            }
          }
          continue;
        }
        List<Line> ofRecord =
            lines.stream().filter(line -> line.record().equals(schema.getFullName())).toList();
        for (Line older : ofRecord) {
          requireReadable(schema, older);
        }
        int version = newest == null ? 1 : newest.version() + 1;
        int id = lines.stream().mapToInt(Line::id).max().orElse(0) + 1;
        Line line = new Line(id, subject, version, schema.getFullName(), file(schema, ofRecord));
        differences.add(line.file() + ": version " + version + " of " + subject + ", id " + id);
        lines.add(line);
        if (write) {
          Path file = folder.resolve(line.file());
          Files.createDirectories(file.getParent());
          Files.writeString(file, text(schema));
        }
      }
    }
    if (write && !differences.isEmpty()) {
      Files.writeString(folder.resolve("catalogue.json"), index(lines));
    }
    return differences;
  }

  /**
   * The file of a schema: that of an equal one, else a new one. A record may be in several subjects
   * over time, so the number is not that of the version.
   */
  private String file(Schema schema, List<Line> ofRecord) throws IOException {
    for (Line older : ofRecord) {
      if (schema(older).equals(schema)) {
        return older.file();
      }
    }
    long files = ofRecord.stream().map(Line::file).distinct().count();
    return schema.getName() + "/" + (files + 1) + ".avsc";
  }

  private void requireReadable(Schema reader, Line older) throws IOException {
    var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, schema(older));
    if (result.getType() != SchemaCompatibilityType.COMPATIBLE) {
      throw new IncompatibleSchema(
          "%s cannot read what version %d (id %d) wrote: %s. Give new fields a default, keep the types and names of old ones, or make a new event"
              .formatted(
                  reader.getName(),
                  older.version(),
                  older.id(),
                  result.getResult().getIncompatibilities()));
    }
  }

  private static String index(List<Line> lines) throws IOException {
    StringBuilder text = new StringBuilder("[\n");
    for (Line line : lines) {
      text.append("  ").append(MAPPER.writeValueAsString(line));
      text.append(line == lines.getLast() ? "\n" : ",\n");
    }
    return text.append("]\n").toString();
  }

  private static String text(Schema schema) {
    return schema.toString(true) + "\n";
  }

  /** Without what only the Java code generator knows. */
  static Schema plain(Schema schema) {
    try {
      JsonNode tree = MAPPER.readTree(schema.toString().getBytes(UTF_8));
      return new Schema.Parser().parse(withoutJavaStrings(tree).toString());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode withoutJavaStrings(JsonNode node) {
    Function<JsonNode, JsonNode> same = CatalogueFiles::withoutJavaStrings;
    if (node instanceof ObjectNode object) {
      object.remove("avro.java.string");
      if (object.size() == 1 && object.path("type").isTextual()) {
        return object.get("type");
      }
      ObjectNode copy = MAPPER.createObjectNode();
      object.properties().forEach(entry -> copy.set(entry.getKey(), same.apply(entry.getValue())));
      return copy;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode copy = MAPPER.createArrayNode();
      array.forEach(item -> copy.add(same.apply(item)));
      return copy;
    }
    return node;
  }

  static final class IncompatibleSchema extends RuntimeException {
    IncompatibleSchema(String message) {
      super(message);
    }
  }
}
