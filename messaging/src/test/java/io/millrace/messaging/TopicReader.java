package io.millrace.messaging;

import io.millrace.embedded.EmbeddedPlatform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads a topic from its start, as a third party would. */
final class TopicReader {

  private TopicReader() {}

  /** Every record there is now that matches. */
  static List<ConsumerRecord<byte[], byte[]>> all(
      String topic, Predicate<ConsumerRecord<byte[], byte[]>> wanted) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                EmbeddedPlatform.shared().kafkaBootstrap(),
                "isolation.level",
                "read_committed",
                "max.partition.fetch.bytes",
                20 << 20),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
      Instant deadline = Instant.now().plusSeconds(20);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        if (Instant.now().isAfter(deadline)) {
          throw new IllegalStateException("Cannot read " + topic + " to its end");
        }
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(
                incoming -> {
                  if (wanted.test(incoming)) {
                    found.add(incoming);
                  }
                });
      }
      return found;
    }
  }

  static List<ConsumerRecord<byte[], byte[]>> ofKey(String topic, String key) {
    return all(topic, incoming -> RecordDecoder.key(incoming).equals(key));
  }

  static String header(ConsumerRecord<byte[], byte[]> incoming, String name) {
    return String.valueOf(EventHeaders.text(incoming.headers(), name));
  }
}
