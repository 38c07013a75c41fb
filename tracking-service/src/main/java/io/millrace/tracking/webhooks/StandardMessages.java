package io.millrace.tracking.webhooks;

import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import io.millrace.tracking.flows.FlowEvent;
import io.millrace.tracking.flows.FlowLog;
import io.millrace.tracking.flows.History;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/** Events of the history as messages of Standard Webhooks. */
final class StandardMessages {

  /** Larger events are told of without their data, which their flow still has. */
  private static final int LARGEST_DATA = 256 << 10;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final List<String> TYPES =
      Stream.concat(
              Topics.all().stream()
                  .filter(Topic::history)
                  .flatMap(topic -> topic.schemas().stream())
                  .map(Schema::getName),
              Stream.of(FlowLog.DEAD_LETTERED))
          .toList();

  private StandardMessages() {}

  /** Names of every event that webhooks are told of. */
  static List<String> types() {
    return TYPES;
  }

  /** Tells of an event. */
  static Message of(History.Entry entry) {
    FlowEvent event = entry.event();
    ObjectNode body = JSON.createObjectNode();
    body.put("type", event.type());
    body.put("timestamp", event.time().toString());
    body.put("sequence", event.seq());
    body.put("eventId", event.id());
    body.put("key", event.key());
    if (event.flowId() != null) {
      body.put("flowId", event.flowId());
    }
    if (event.data().length() <= LARGEST_DATA) {
      body.putRawValue("data", new RawValue(event.data()));
    } else {
      body.putObject("data");
      body.put("dataOmitted", event.data().length());
    }
    return new Message(
        "msg_" + HexFormat.of().formatHex(name(entry)),
        event.type(),
        Message.keyOf(event),
        JSON.writeValueAsString(body));
  }

  /** An example of an event, marked as a test. */
  static Message example(String type, Instant now) {
    ObjectNode body = JSON.createObjectNode();
    body.put("type", type);
    body.put("timestamp", now.toString());
    body.put("test", true);
    body.putRawValue("data", new RawValue(exampleData(type)));
    return new Message(
        "msg_test_" + UUID.randomUUID().toString().replace("-", ""),
        type,
        "",
        JSON.writeValueAsString(body));
  }

  /** Sixteen bytes that follow from the identity of an event. */
  static byte[] name(History.Entry entry) {
    return Arrays.copyOf(Message.sha256(entry.source() + "\n" + entry.event().id()), 16);
  }

  private static String exampleData(String type) {
    try (InputStream example = Topics.class.getResourceAsStream("/examples/" + type + ".json")) {
      return example == null
          ? "{}"
          : JSON.readTree(new String(example.readAllBytes(), StandardCharsets.UTF_8)).toString();
    } catch (IOException broken) {
      throw new IllegalStateException(broken);
    }
  }
}
