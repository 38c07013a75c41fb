package io.millrace.tracking.flows;

import io.millrace.database.Database;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.ReceivedEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Writes events into the history. Writing one again changes nothing. */
@Component
public class FlowLog {

  /** Type of the entry for a record that no handler could process. */
  public static final String DEAD_LETTERED = "DeadLettered";

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String NOBODY = "unknown";

  private final Database database;
  private final Flows flows;
  private final EventCodec codec;

  FlowLog(Database database, Flows flows, EventCodec codec) {
    this.database = database;
    this.flows = flows;
    this.codec = codec;
  }

  /** Writes a received event, in the flow that its header or its request id names. */
  public void append(ReceivedEvent<? extends SpecificRecord> event) {
    String requestId = text(event.payload(), "requestId");
    String flowId = requestId == null || requestId.isEmpty() ? event.flowId() : requestId;
    append(event, flowId);
  }

  /** Writes a received event in the given flow. */
  public void append(ReceivedEvent<? extends SpecificRecord> event, @Nullable String flowId) {
    SpecificRecord payload = event.payload();
    String requestedBy = text(payload, "requestedBy");
    String pipeline = text(payload, "pipelineName");
    if (pipeline == null && "TrainRequested".equals(event.type())) {
      pipeline = text(payload, "pipeline");
    }
    NewFlowEvent added =
        new NewFlowEvent(
            event.source(),
            event.id(),
            event.type(),
            flowId,
            storable(event.key()),
            text(payload, "runId"),
            text(payload, "modelName"),
            event.time(),
            event.topic(),
            event.partition(),
            event.offset(),
            storable(codec.toJson(payload)),
            pipeline,
            value(payload, "version") instanceof Integer version ? version : null,
            NOBODY.equals(requestedBy) ? null : requestedBy,
            runIds(payload));
    database.inTransactionVoid(tx -> flows.append(tx, added));
  }

  /**
   * A record that was put aside.
   *
   * @param consumer who could not process it
   * @param flowId flow it belongs to, as far as that can be told
   */
  public record DeadLettered(
      String originalTopic,
      int partition,
      long offset,
      String consumer,
      String reason,
      String message,
      String key,
      @Nullable String flowId,
      Instant time) {}

  /** Writes that a record was put aside. */
  public void append(DeadLettered letter) {
    String position = letter.originalTopic() + "-" + letter.partition() + "-" + letter.offset();
    String data =
        storable(
            JSON.writeValueAsString(
                Map.of(
                    "originalTopic",
                    letter.originalTopic(),
                    "partition",
                    letter.partition(),
                    "offset",
                    letter.offset(),
                    "consumer",
                    letter.consumer(),
                    "reason",
                    letter.reason(),
                    "message",
                    letter.message())));
    NewFlowEvent added =
        new NewFlowEvent(
            "dead-letter:" + letter.consumer(),
            position,
            DEAD_LETTERED,
            letter.flowId(),
            storable(letter.key()),
            null,
            null,
            letter.time(),
            letter.originalTopic(),
            letter.partition(),
            letter.offset(),
            data,
            null,
            null,
            null,
            List.of());
    database.inTransactionVoid(tx -> flows.append(tx, added));
  }

  /** PostgreSQL has no place for the character NUL, neither as it is nor escaped in JSON. */
  private static String storable(String text) {
    return text.replace('\0', '\ufffd').replace("\\u0000", "\\ufffd");
  }

  private static List<String> runIds(SpecificRecord payload) {
    List<String> ids = new ArrayList<>();
    String one = text(payload, "runId");
    if (one != null) {
      ids.add(one);
    }
    if (value(payload, "runIds") instanceof List<?> several) {
      several.forEach(id -> ids.add(String.valueOf(id)));
    }
    return ids;
  }

  private static @Nullable String text(SpecificRecord payload, String field) {
    return value(payload, field) instanceof CharSequence text ? storable(text.toString()) : null;
  }

  private static @Nullable Object value(SpecificRecord payload, String name) {
    Schema.Field field = payload.getSchema().getField(name);
    return field == null ? null : payload.get(field.pos());
  }
}
