package io.millrace.messaging;

import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Avro records as the JSON a person would write. */
final class EventJson {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private final SpecificData model;

  private EventJson(SpecificData model) {
    this.model = model;
  }

  static String write(SpecificRecord event) {
    EventJson json = new EventJson(SpecificData.getForClass(event.getClass()));
    return json.node(event.getSchema(), event).toString();
  }

  static Object read(Schema schema, Class<?> type, String text) {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JacksonException broken) {
      throw new TerminalFailure(
          "malformed-json", "This is not JSON: " + broken.getOriginalMessage(), broken);
    }
    if (node == null || !node.isObject()) {
      throw new TerminalFailure(
          "malformed-json", "A " + schema.getName() + " is a JSON object: {...}.");
    }
    return new EventJson(SpecificData.getForClass(type)).row(schema, node, "");
  }

  private JsonNode node(Schema schema, @Nullable Object value) {
    if (value == null) {
      return NODES.nullNode();
    }
    return switch (schema.getType()) {
      case RECORD -> {
        IndexedRecord row = (IndexedRecord) value;
        ObjectNode object = NODES.objectNode();
        for (Schema.Field field : schema.getFields()) {
          object.set(field.name(), node(field.schema(), row.get(field.pos())));
        }
        yield object;
      }
      case UNION -> node(branch(schema, value), value);
      case ARRAY -> {
        ArrayNode array = NODES.arrayNode();
        for (Object item : (Collection<?>) value) {
          array.add(node(schema.getElementType(), item));
        }
        yield array;
      }
      case MAP -> {
        ObjectNode object = NODES.objectNode();
        ((Map<?, ?>) value)
            .forEach((key, item) -> object.set(key.toString(), node(schema.getValueType(), item)));
        yield object;
      }
      case STRING, ENUM -> NODES.stringNode(value.toString());
      case BYTES -> NODES.binaryNode(bytes((ByteBuffer) value));
      case FIXED -> NODES.binaryNode(((GenericFixed) value).bytes());
      case INT -> NODES.numberNode((Integer) value);
      case LONG ->
          value instanceof Instant time
              ? NODES.stringNode(time.toString())
              : timestamp(schema)
                  ? NODES.stringNode(Instant.ofEpochMilli((Long) value).toString())
                  : NODES.numberNode((Long) value);
      case FLOAT -> number(((Float) value).doubleValue());
      case DOUBLE -> number((Double) value);
      case BOOLEAN -> NODES.booleanNode((Boolean) value);
      case NULL -> NODES.nullNode();
    };
  }

  private static JsonNode number(double value) {
    return Double.isFinite(value)
        ? NODES.numberNode(value)
        : NODES.stringNode(Double.toString(value));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private Schema branch(Schema union, Object value) {
    List<Schema> branches =
        union.getTypes().stream().filter(type -> type.getType() != Schema.Type.NULL).toList();
    return branches.size() == 1
        ? branches.getFirst()
        : union.getTypes().get(model.resolveUnion(union, value));
  }

  private @Nullable Object value(Schema schema, JsonNode node, String path) {
    return switch (schema.getType()) {
      case RECORD -> row(schema, node, path);
      case UNION -> union(schema, node, path);
      case ARRAY -> {
        require(node.isArray(), "a list", node, path);
        List<@Nullable Object> items = new ArrayList<>();
        for (JsonNode item : node) {
          items.add(value(schema.getElementType(), item, path + "[" + items.size() + "]"));
        }
        yield items;
      }
      case MAP -> {
        require(node.isObject(), "an object", node, path);
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        node.properties()
            .forEach(
                entry ->
                    entries.put(
                        entry.getKey(),
                        value(
                            schema.getValueType(), entry.getValue(), below(path, entry.getKey()))));
        yield entries;
      }
      case STRING -> {
        require(node.isString(), "a string", node, path);
        yield node.asString();
      }
      case ENUM -> {
        require(
            node.isString() && schema.hasEnumSymbol(node.asString()),
            "one of " + schema.getEnumSymbols(),
            node,
            path);
        yield model.createEnum(node.asString(), schema);
      }
      case BYTES -> ByteBuffer.wrap(base64(node, path));
      case FIXED -> {
        byte[] bytes = base64(node, path);
        require(
            bytes.length == schema.getFixedSize(),
            schema.getFixedSize() + " bytes in Base64",
            node,
            path);
        yield model.createFixed(null, bytes, schema);
      }
      case INT -> {
        require(
            node.isIntegralNumber() && node.canConvertToInt(),
            "a whole number of 32 bits",
            node,
            path);
        yield node.asInt();
      }
      case LONG -> {
        if (timestamp(schema)) {
          yield time(node, path);
        }
        require(
            node.isIntegralNumber() && node.canConvertToLong(),
            "a whole number of 64 bits",
            node,
            path);
        yield node.asLong();
      }
      case FLOAT -> (float) real(node, path);
      case DOUBLE -> real(node, path);
      case BOOLEAN -> {
        require(node.isBoolean(), "true or false", node, path);
        yield node.asBoolean();
      }
      case NULL -> {
        require(node.isNull(), "null", node, path);
        yield null;
      }
    };
  }

  private Object row(Schema schema, JsonNode node, String path) {
    require(node.isObject(), "an object", node, path);
    for (String name : node.propertyNames()) {
      if (schema.getField(name) == null) {
        throw new TerminalFailure(
            "unknown-field",
            below(path, name)
                + " is not a field of "
                + schema.getName()
                + nearest(name, schema)
                + ".");
      }
    }
    IndexedRecord row = (IndexedRecord) model.newRecord(null, schema);
    for (Schema.Field field : schema.getFields()) {
      JsonNode given = node.get(field.name());
      String where = below(path, field.name());
      if (given != null) {
        row.put(field.pos(), value(field.schema(), given, where));
      } else if (field.hasDefaultValue()) {
        row.put(field.pos(), model.deepCopy(field.schema(), model.getDefaultValue(field)));
      } else {
        throw new TerminalFailure(
            "missing-field", where + " is missing: " + field.schema() + " without a default.");
      }
    }
    return row;
  }

  private @Nullable Object union(Schema union, JsonNode node, String path) {
    TerminalFailure first = null;
    for (Schema branch : union.getTypes()) {
      if ((branch.getType() == Schema.Type.NULL) != node.isNull()) {
        continue;
      }
      try {
        return value(branch, node, path);
      } catch (TerminalFailure mismatch) {
        first = first == null ? mismatch : first;
      }
    }
    if (first != null) {
      throw first;
    }
    throw new TerminalFailure("wrong-type", named(path) + " must not be null.");
  }

  private static Instant time(JsonNode node, String path) {
    try {
      if (node.isIntegralNumber() && node.canConvertToLong()) {
        return Instant.ofEpochMilli(node.asLong());
      }
      if (node.isString()) {
        return Instant.parse(node.asString());
      }
    } catch (DateTimeException notATime) {
      // Falls through to the one message for both.
    }
    throw wrong("a time such as 2026-11-21T09:30:00Z", node, path);
  }

  private static double real(JsonNode node, String path) {
    if (node.isNumber()) {
      return node.asDouble();
    }
    return switch (node.isString() ? node.asString() : "") {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw wrong("a number", node, path);
    };
  }

  private static byte[] base64(JsonNode node, String path) {
    try {
      return Base64.getDecoder().decode(node.isString() ? node.asString() : "?");
    } catch (IllegalArgumentException notBase64) {
      throw wrong("bytes in Base64", node, path);
    }
  }

  private static boolean timestamp(Schema schema) {
    return schema.getLogicalType() instanceof LogicalTypes.TimestampMillis;
  }

  private static void require(boolean holds, String wanted, JsonNode node, String path) {
    if (!holds) {
      throw wrong(wanted, node, path);
    }
  }

  private static TerminalFailure wrong(String wanted, JsonNode node, String path) {
    String text = node.toString();
    String found = text.length() <= 60 ? text : text.substring(0, 60) + "...";
    return new TerminalFailure(
        "wrong-type", named(path) + " must be " + wanted + ", not " + found + ".");
  }

  private static String named(String path) {
    return path.isEmpty() ? "The event" : path;
  }

  private static String below(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static String nearest(String name, Schema schema) {
    String best = null;
    int distance = Math.max(2, name.length() / 2) + 1;
    for (Schema.Field field : schema.getFields()) {
      int steps = steps(name.toLowerCase(java.util.Locale.ROOT), field.name());
      if (steps < distance) {
        distance = steps;
        best = field.name();
      }
    }
    return best == null
        ? "; its fields are "
            + String.join(", ", schema.getFields().stream().map(Schema.Field::name).toList())
        : "; did you mean " + best + "?";
  }

  /** Levenshtein distance, case ignored. */
  private static int steps(String a, String b) {
    String other = b.toLowerCase(java.util.Locale.ROOT);
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[other.length()];
  }
}
