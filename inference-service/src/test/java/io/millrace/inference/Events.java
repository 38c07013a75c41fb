package io.millrace.inference;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.messaging.EventCodec;
import io.millrace.schemas.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Everything on a topic, read as an outsider would. */
final class Events<T extends SpecificRecord> implements AutoCloseable {

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final EventCodec codec = new EventCodec();
  private final Class<T> type;
  private final List<Seen<T>> seen = new ArrayList<>();

  record Seen<T>(String id, T event, int bytes) {}

  Events(Topic topic, Class<T> type) {
    this.type = type;
    EmbeddedPlatform.shared().createTopic(topic.name(), topic.partitions());
    Properties properties = new Properties();
    properties.put("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap());
    properties.put("enable.auto.commit", "false");
    consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic.name()).stream()
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** Those that match, of all there are until now. */
  List<Seen<T>> matching(Predicate<T> wanted) {
    for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
      SpecificRecord event = codec.decode(each.value());
      if (type.isInstance(event)) {
        seen.add(
            new Seen<>(
                new String(each.headers().lastHeader("ce_id").value(), StandardCharsets.UTF_8),
                type.cast(event),
                each.value().length));
      }
    }
    return seen.stream().filter(s -> wanted.test(s.event())).toList();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
