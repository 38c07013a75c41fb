package io.millrace.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.AvroTypeException;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/**
 * The plain JSON form of an event: unions without their type names, instants as ISO-8601. Strict:
 * every field is there, no other is.
 */
final class PlainJson {
  private PlainJson() {}

  static Object decode(Schema schema, JsonNode json, String at) {
    return switch (schema.getType()) {
      case RECORD -> record(schema, json, at);
      case UNION -> union(schema, json, at);
      case ARRAY -> {
        expect(json.isArray(), "a list", json, at);
        List<Object> items = new ArrayList<>();
        json.forEach(item -> items.add(decode(schema.getElementType(), item, at + "[]")));
        yield items;
      }
      case MAP -> {
        expect(json.isObject(), "an object", json, at);
        Map<String, Object> map = new LinkedHashMap<>();
        json.properties()
            .forEach(
                entry ->
                    map.put(
                        entry.getKey(),
                        decode(
                            schema.getValueType(), entry.getValue(), at + "." + entry.getKey())));
        yield map;
      }
      case STRING -> {
        expect(json.isTextual(), "a text", json, at);
        yield json.asText();
      }
      case INT -> {
        expect(json.isInt(), "an int", json, at);
        yield json.asInt();
      }
      case LONG -> {
        if (schema.getLogicalType() instanceof LogicalTypes.TimestampMillis) {
          expect(json.isTextual(), "an instant", json, at);
          yield Instant.parse(json.asText()).toEpochMilli();
        }
        expect(json.isIntegralNumber(), "a long", json, at);
        yield json.asLong();
      }
      case DOUBLE -> {
        expect(json.isNumber(), "a number", json, at);
        yield json.asDouble();
      }
      case BOOLEAN -> {
        expect(json.isBoolean(), "true or false", json, at);
        yield json.asBoolean();
      }
      default -> throw new AvroTypeException(at + ": no event has a " + schema.getType());
    };
  }

  private static Object record(Schema schema, JsonNode json, String at) {
    expect(json.isObject(), "an object", json, at);
    GenericData.Record record = new GenericData.Record(schema);
    Set<String> left = new HashSet<>();
    json.fieldNames().forEachRemaining(left::add);
    for (Schema.Field field : schema.getFields()) {
      expect(left.remove(field.name()), "field " + field.name(), json, at);
      record.put(
          field.pos(), decode(field.schema(), json.get(field.name()), at + "." + field.name()));
    }
    expect(left.isEmpty(), "no field " + left, json, at);
    return record;
  }

  private static Object union(Schema schema, JsonNode json, String at) {
    for (Schema branch : schema.getTypes()) {
      boolean fits =
          switch (branch.getType()) {
            case NULL -> json.isNull();
            case STRING -> json.isTextual();
            case INT, LONG -> json.isIntegralNumber();
            case DOUBLE -> json.isNumber();
            case RECORD -> json.isObject();
            default -> false;
          };
      if (fits) {
        return branch.getType() == Schema.Type.NULL ? null : decode(branch, json, at);
      }
    }
    throw new AvroTypeException(at + ": none of " + schema + " is " + json);
  }

  private static void expect(boolean right, String what, JsonNode json, String at) {
    if (!right) {
      throw new AvroTypeException(at + ": expected " + what + " in " + json);
    }
  }
}
