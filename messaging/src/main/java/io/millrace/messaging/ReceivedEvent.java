package io.millrace.messaging;

import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * One event as a handler sees it.
 *
 * @param payload the event itself
 * @param id CloudEvents id; where the publisher gave none, `topic-partition-offset`
 * @param source CloudEvents source; where the publisher gave none, `kafka:topic`
 * @param key record key, empty where there is none
 * @param flowId the request this belongs to, if any
 * @param time when it happened: CloudEvents time, else the record's timestamp
 * @param topic topic it came from
 * @param partition partition it came from
 * @param offset offset in that partition
 */
public record ReceivedEvent<T extends SpecificRecord>(
    T payload,
    String id,
    String source,
    String key,
    @Nullable String flowId,
    Instant time,
    String topic,
    int partition,
    long offset) {

  /** Where the record is: `topic-partition-offset`. */
  public String position() {
    return topic + "-" + partition + "-" + offset;
  }

  /**
   * Identity of a command whose body names none: the CloudEvents id, else the record key, else
   * `topic-partition-offset`.
   */
  public String commandId() {
    boolean made = id.startsWith(topic + "-") && id.substring(topic.length()).matches("-\\d+-\\d+");
    return made && !key.isEmpty() ? key : id;
  }

  /** Name of the event, for example `RunStarted`. */
  public String type() {
    return payload.getSchema().getName();
  }
}
