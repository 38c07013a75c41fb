package io.millrace.messaging;

import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the topics of the catalogue and their dead-letter topics where they are missing, waiting
 * for a broker that is not up yet. Existing topics stay as they are.
 */
final class TopicCreation {

  private static final Logger log = LoggerFactory.getLogger(TopicCreation.class);
  private static final Duration DEAD_LETTER_RETENTION = Duration.ofDays(90);
  private static final int DEAD_LETTER_BYTES = 2 << 20;

  private TopicCreation() {}

  static void ensure(KafkaClients clients, Duration patience) {
    try (Admin admin = clients.admin("topics")) {
      Set<String> existing = waitForBroker(admin, clients.address(), patience);
      List<NewTopic> missing =
          wanted().stream().filter(topic -> !existing.contains(topic.name())).toList();
      if (missing.isEmpty()) {
        return;
      }
      for (var created : admin.createTopics(missing).values().entrySet()) {
        try {
          created.getValue().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException refused) {
          if (!(refused.getCause() instanceof TopicExistsException)) {
            throw new IllegalStateException(
                "Kafka at " + clients.address() + " refuses topic " + created.getKey(),
                refused.getCause());
          }
        }
      }
      log.info("Created {} topics", missing.size());
    } catch (TimeoutException late) {
      throw new IllegalStateException(
          "Kafka at " + clients.address() + " does not answer while topics are created", late);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for Kafka", interrupted);
    }
  }

  private static Set<String> waitForBroker(Admin admin, String address, Duration patience)
      throws InterruptedException {
    Instant deadline = Instant.now().plus(patience);
    while (true) {
      try {
        return admin.listTopics().names().get(5, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException notYet) {
        Throwable cause = notYet.getCause() == null ? notYet : notYet.getCause();
        if (Instant.now().isAfter(deadline)) {
          throw new IllegalStateException(
              "Kafka at "
                  + address
                  + " did not come up within "
                  + patience.toSeconds()
                  + " s. Start it, or correct millrace.kafka.bootstrap-servers.",
              cause);
        }
        log.info("Waiting for Kafka at {}: {}", address, cause.toString());
        Thread.sleep(500);
      }
    }
  }

  private static List<NewTopic> wanted() {
    List<NewTopic> topics = new ArrayList<>();
    for (Topic topic : Topics.all()) {
      Map<String, String> config = new HashMap<>();
      Duration retention = topic.retention();
      if (retention == null) {
        config.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
      } else {
        config.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()));
      }
      if (topic.largestRecord() != null) {
        config.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, topic.largestRecord().toString());
      }
      topics.add(
          new NewTopic(topic.name(), Optional.of(topic.partitions()), Optional.empty())
              .configs(config));
      topics.add(
          new NewTopic(topic.deadLetterName(), Optional.of(1), Optional.empty())
              .configs(
                  Map.of(
                      TopicConfig.RETENTION_MS_CONFIG,
                      Long.toString(DEAD_LETTER_RETENTION.toMillis()),
                      // A dead letter is a little larger than the record it holds.
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Integer.toString(DEAD_LETTER_BYTES))));
    }
    return topics;
  }
}
