package io.millrace.schemas;

import java.time.Duration;
import java.util.List;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * One topic: what is on it, who writes it and how long it stays.
 *
 * @param name Kafka topic name
 * @param purpose what it carries, in one sentence
 * @param key what the record key is
 * @param partitions number of partitions it is created with
 * @param retention how long records stay; null for a compacted topic, which keeps the newest of
 *     each key
 * @param kind fact, command or job
 * @param writer the one service that writes it, or `anyone` for a public command topic
 * @param readers services that read it
 * @param history true where tracking-service keeps each event in the flow history
 * @param schemas the events on it
 * @param largestRecord bytes of the largest record that Kafka takes, compressed as it is sent; null
 *     for the broker's own limit, 1 MiB unless it was changed
 */
public record Topic(
    String name,
    String purpose,
    String key,
    int partitions,
    @Nullable Duration retention,
    Kind kind,
    String writer,
    List<String> readers,
    boolean history,
    List<Schema> schemas,
    @Nullable Integer largestRecord) {

  /** What a record on the topic means to its readers. */
  public enum Kind {
    /** Something that happened; ordinary consumer groups, in order per key. */
    FACT,
    /** A request that anyone may publish. */
    COMMAND,
    /** Work for exactly one worker of many; a share group. */
    JOB
  }

  /** A topic with the broker's own limit on the size of a record. */
  public Topic(
      String name,
      String purpose,
      String key,
      int partitions,
      @Nullable Duration retention,
      Kind kind,
      String writer,
      List<String> readers,
      boolean history,
      List<Schema> schemas) {
    this(name, purpose, key, partitions, retention, kind, writer, readers, history, schemas, null);
  }

  public Topic {
    if (partitions < 1) {
      throw new IllegalArgumentException(
          name + ": partitions is " + partitions + ", at least 1 is needed");
    }
    readers = List.copyOf(readers);
    schemas = List.copyOf(schemas);
  }

  /** True where Kafka keeps the newest record of each key instead of deleting by age. */
  public boolean compacted() {
    return retention == null;
  }

  /** Topic that takes the records of this one that no handler could process. */
  public String deadLetterName() {
    return name + Topics.DEAD_LETTER_SUFFIX;
  }

  /**
   * Subject of a schema in the registry: topic and record name where the topic carries several
   * events, else `topic-value`.
   */
  public String subject(Schema schema) {
    return schemas.size() == 1 ? name + "-value" : name + "-" + schema.getFullName();
  }
}
