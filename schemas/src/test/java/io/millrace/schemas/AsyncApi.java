package io.millrace.schemas;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** The AsyncAPI 3.0 document of the topics, written from their declarations. */
final class AsyncApi {
  private static final Path EXAMPLES = Path.of("src/main/resources/examples");
  private static final String SNAPSHOTS = "../schemas/src/main/resources/schemas/";

  private AsyncApi() {}

  static String yaml() throws IOException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("asyncapi", "3.0.0");
    document.put(
        "info",
        Map.of(
            "title", "Millrace events",
            "version", "0.1.0",
            "description",
                "Every topic and event of Millrace; see events.md for the same in words.",
            "license", Map.of("name", "Apache-2.0")));
    document.put("defaultContentType", "application/avro");
    document.put("channels", channels());
    document.put("operations", operations());
    Map<String, Object> components = new LinkedHashMap<>();
    components.put("messages", messages());
    components.put("schemas", Map.of("cloudEventHeaders", headers()));
    document.put("components", components);
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setDereferenceAliases(true);
    options.setSplitLines(false);
    return "# Generated from schemas/src/main. To renew it: "
        + Renewal.COMMAND
        + "\n"
        + new Yaml(options).dump(sorted(document));
  }

  private static Map<String, Object> channels() {
    Map<String, Object> channels = new LinkedHashMap<>();
    for (Topic topic : Topics.all()) {
      Map<String, Object> messages = new LinkedHashMap<>();
      for (Schema schema : topic.schemas()) {
        messages.put(schema.getName(), ref("#/components/messages/" + schema.getName()));
      }
      Map<String, Object> configuration = new LinkedHashMap<>();
      Duration retention = topic.retention();
      if (retention == null) {
        configuration.put("cleanup.policy", List.of("compact"));
      } else {
        configuration.put("cleanup.policy", List.of("delete"));
        configuration.put("retention.ms", retention.toMillis());
      }
      if (topic.largestRecord() != null) {
        configuration.put("max.message.bytes", topic.largestRecord());
      }
      Map<String, Object> kafka = new LinkedHashMap<>();
      kafka.put("topic", topic.name());
      kafka.put("partitions", topic.partitions());
      kafka.put("topicConfiguration", configuration);
      kafka.put("bindingVersion", "0.5.0");
      Map<String, Object> channel = new LinkedHashMap<>();
      channel.put("address", topic.name());
      channel.put("description", topic.purpose());
      channel.put("messages", messages);
      channel.put("bindings", Map.of("kafka", kafka));
      channels.put(id(topic), channel);
    }
    return channels;
  }

  private static Map<String, Object> operations() {
    Map<String, Object> operations = new LinkedHashMap<>();
    for (Topic topic : Topics.all()) {
      operations.put(
          topic.writer() + "." + id(topic) + ".send",
          operation("send", topic, "Written by " + topic.writer() + "."));
      for (String reader : topic.readers()) {
        String how =
            topic.kind() == Topic.Kind.JOB && !reader.equals(topic.writer())
                ? " in a share group: each record for one of them."
                : ".";
        operations.put(
            reader + "." + id(topic) + ".receive",
            operation("receive", topic, "Read by " + reader + how));
      }
    }
    return operations;
  }

  private static Map<String, Object> operation(String action, Topic topic, String summary) {
    List<Object> messages = new ArrayList<>();
    for (Schema schema : topic.schemas()) {
      messages.add(ref("#/channels/" + id(topic) + "/messages/" + schema.getName()));
    }
    Map<String, Object> operation = new LinkedHashMap<>();
    operation.put("action", action);
    operation.put("channel", ref("#/channels/" + id(topic)));
    operation.put("summary", summary);
    operation.put("messages", messages);
    return operation;
  }

  private static Map<String, Object> messages() throws IOException {
    SchemaCatalogue catalogue = SchemaCatalogue.load();
    Map<String, Object> messages = new LinkedHashMap<>();
    for (Topic topic : Topics.all()) {
      for (Schema declared : topic.schemas()) {
        RegisteredSchema newest = catalogue.newest(declared.getFullName());
        String name = newest.schema().getName();
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("schemaFormat", "application/vnd.apache.avro;version=1.9.0");
        payload.put("schema", ref(SNAPSHOTS + name + "/" + newest.version() + ".avsc"));
        Map<String, Object> kafka = new LinkedHashMap<>();
        kafka.put("key", Map.of("type", "string", "description", topic.key()));
        kafka.put("schemaIdLocation", "payload");
        kafka.put("schemaIdPayloadEncoding", "confluent");
        kafka.put("bindingVersion", "0.5.0");
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("name", "io.millrace." + name);
        message.put("title", name);
        message.put("summary", newest.schema().getDoc());
        message.put("contentType", "application/avro");
        message.put("headers", ref("#/components/schemas/cloudEventHeaders"));
        message.put("payload", payload);
        message.put("bindings", Map.of("kafka", kafka));
        message.put(
            "examples",
            List.of(
                Map.of(
                    "payload",
                    new ObjectMapper()
                        .readValue(EXAMPLES.resolve(name + ".json").toFile(), Map.class))));
        messages.put(name, message);
      }
    }
    return messages;
  }

  private static Map<String, Object> headers() {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("ce_specversion", Map.of("type", "string", "const", "1.0"));
    header(properties, "ce_id", "Id of the event; the same whenever it is delivered again.");
    header(properties, "ce_type", "io.millrace. and the name of the event.");
    header(
        properties, "ce_source", "Service that wrote it, for example /millrace/tracking-service.");
    header(properties, "ce_time", "When it happened, RFC 3339 in UTC.");
    header(properties, "ce_subject", "The record key.");
    header(properties, "ce_flowid", "The request it belongs to, if any.");
    header(properties, "ce_dataschema", "Path of the schema in the registry.");
    header(properties, "content-type", "application/avro, or application/json on command topics.");
    header(properties, "traceparent", "W3C trace context.");
    Map<String, Object> headers = new LinkedHashMap<>();
    headers.put("type", "object");
    headers.put("required", List.of("ce_specversion", "ce_id", "ce_type", "ce_source"));
    headers.put("properties", properties);
    return headers;
  }

  private static void header(Map<String, Object> properties, String name, String description) {
    Map<String, Object> property = new LinkedHashMap<>();
    property.put("type", "string");
    property.put("description", description);
    properties.put(name, property);
  }

  private static Map<String, Object> ref(String to) {
    return Map.of("$ref", to);
  }

  /** {@code train-requests} of {@code millrace.train-requests}. */
  private static String id(Topic topic) {
    return topic.name().substring(topic.name().indexOf('.') + 1);
  }

  /** Maps made by {@code Map.of} have no order of their own; the document needs one. */
  private static Object sorted(Object value) {
    return switch (value) {
      case LinkedHashMap<?, ?> map -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.forEach((key, item) -> copy.put(key, sortedOrNull(item)));
        yield copy;
      }
      case Map<?, ?> map -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.keySet().stream()
            .map(String.class::cast)
            .sorted()
            .forEach(key -> copy.put(key, sortedOrNull(map.get(key))));
        yield copy;
      }
      case List<?> list -> list.stream().map(AsyncApi::sortedOrNull).toList();
      default -> value;
    };
  }

  private static Object sortedOrNull(Object value) {
    return value == null ? null : sorted(value);
  }
}
