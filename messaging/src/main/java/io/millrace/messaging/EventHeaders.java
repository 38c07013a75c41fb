package io.millrace.messaging;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** CloudEvents 1.0 in Kafka's binary mode, with the extension `flowid`. */
final class EventHeaders {

  static final String ID = "ce_id";
  static final String TYPE = "ce_type";
  static final String SOURCE = "ce_source";
  static final String TIME = "ce_time";
  static final String FLOW_ID = "ce_flowid";
  static final String CONTENT_TYPE = "content-type";
  static final String TYPE_PREFIX = "io.millrace.";

  private EventHeaders() {}

  /** Headers of an event that is made now; without payload, those of a tombstone. */
  static Map<String, String> of(
      String id,
      String source,
      String key,
      @Nullable String flowId,
      @Nullable SpecificRecord payload,
      int schemaId) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("ce_specversion", "1.0");
    headers.put(ID, id);
    headers.put(SOURCE, source);
    headers.put(TIME, Instant.now().toString());
    headers.put("ce_subject", key);
    if (flowId != null) {
      headers.put(FLOW_ID, flowId);
    }
    if (payload == null) {
      headers.put(TYPE, TYPE_PREFIX + "Deleted");
    } else {
      headers.put(TYPE, TYPE_PREFIX + payload.getSchema().getName());
      headers.put("ce_dataschema", "/schema-registry/schemas/ids/" + schemaId);
      headers.put(CONTENT_TYPE, "application/avro");
    }
    TraceContext trace =
        TraceContext.current().map(TraceContext::child).orElseGet(TraceContext::begin);
    headers.put(TraceContext.HEADER, trace.traceparent());
    return headers;
  }

  static @Nullable String text(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  static void put(Headers headers, String name, String value) {
    headers.remove(name);
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
