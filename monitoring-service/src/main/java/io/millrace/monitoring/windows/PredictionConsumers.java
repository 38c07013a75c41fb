package io.millrace.monitoring.windows;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.events.PredictionLogged;
import io.millrace.messaging.DeadLetterWriter;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.KafkaSettings;
import io.millrace.messaging.TerminalFailure;
import io.millrace.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Consumers of predictions. The consumer group only shares the partitions out; where to go on is in
 * PostgreSQL, beside the counts. Offsets are committed to Kafka as well, for tools that show lag.
 */
@Component
class PredictionConsumers implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(PredictionConsumers.class);
  private static final String TOPIC = Topics.PREDICTIONS.name();
  private static final TopicPartition DESIRED = new TopicPartition(Topics.DESIRED_STATE.name(), 0);

  /** Not the group of the service's bindings: members of one group share one subscription. */
  private static final String GROUP = "monitoring-service-predictions";

  private static final UUID UNREAD = new UUID(0, 0);
  private static final Duration POLL = Duration.ofMillis(250);
  private static final Duration AGAIN = Duration.ofMillis(250);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  private final Counting counting;
  private final EventCodec codec;
  private final DeadLetterWriter deadLetters;
  private final MonitoringSettings settings;
  private final String bootstrap;
  private final MeterRegistry meters;
  private final List<Thread> threads = new ArrayList<>();
  private final Set<Consumer<byte[], byte[]>> open =
      java.util.concurrent.ConcurrentHashMap.newKeySet();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean running;

  PredictionConsumers(
      Counting counting,
      EventCodec codec,
      DeadLetterWriter deadLetters,
      MonitoringSettings settings,
      KafkaSettings kafka,
      MeterRegistry meters) {
    this.counting = counting;
    this.codec = codec;
    this.deadLetters = deadLetters;
    this.settings = settings;
    this.bootstrap = kafka.bootstrapServers();
    this.meters = meters;
  }

  @Override
  public void start() {
    running = true;
    for (int i = 0; i < settings.consumers(); i++) {
      threads.add(Thread.ofPlatform().name("predictions-" + i).daemon().start(this::run));
    }
  }

  @Override
  public void stop() {
    running = false;
    stopped.countDown();
    open.forEach(Consumer::wakeup);
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofSeconds(10));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void run() {
    while (running) {
      try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
        open.add(consumer);
        try {
          consume(consumer);
        } finally {
          open.remove(consumer);
        }
      } catch (WakeupException e) {
        log.debug("Woken to stop");
      } catch (RuntimeException e) {
        if (running) {
          log.warn("Counting predictions broke off, starting again: {}", e.toString(), e);
        }
      }
      pause(AFTER_FAILURE);
    }
  }

  private void consume(KafkaConsumer<byte[], byte[]> consumer) {
    String topicId = topicId();
    consumer.subscribe(List.of(TOPIC), new Placing(consumer, topicId));
    Batches batches = new Batches(consumer, topicId);
    while (running) {
      ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
      if (!polled.isEmpty()) {
        batches.count(polled);
      }
    }
  }

  /** What one consumer polled, batch after batch. */
  private final class Batches {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topicId;

    /** Dead letters written for a batch that is not counted yet, so that they are written once. */
    private final Set<String> lettered = new HashSet<>();

    private long waitingSince;

    Batches(KafkaConsumer<byte[], byte[]> consumer, String topicId) {
      this.consumer = consumer;
      this.topicId = topicId;
    }

    /**
     * Counts a batch or puts the consumer back in front of it. Waiting goes through poll, so that
     * the group does not take this consumer for dead.
     */
    void count(ConsumerRecords<byte[], byte[]> polled) {
      try {
        List<Counting.Observed> batch = new ArrayList<>();
        for (TopicPartition partition : polled.partitions()) {
          for (ConsumerRecord<byte[], byte[]> each : polled.records(partition)) {
            batch.add(observed(each));
          }
        }
        count(batch);
        waitingSince = 0;
        lettered.clear();
        consumer.commitAsync(
            (offsets, failure) -> {
              if (failure != null) {
                log.debug("Offsets were not committed to Kafka, which changes nothing", failure);
              }
            });
      } catch (WakeupException e) {
        throw e;
      } catch (Counting.NotYet e) {
        log.debug("Predictions wait: {}", e.getMessage());
        again(polled, AGAIN);
      } catch (RuntimeException e) {
        log.warn("{} predictions could not be counted, trying again", polled.count(), e);
        again(polled, AFTER_FAILURE);
      }
    }

    private void count(List<Counting.Observed> batch) {
      try {
        counting.count(batch, OptionalLong.empty());
      } catch (Counting.NotYet e) {
        if (waitingSince == 0) {
          waitingSince = System.nanoTime();
        }
        boolean waitedEnough = System.nanoTime() - waitingSince > settings.profileWait().toNanos();
        if (waitedEnough) {
          log.warn("Predictions waited long enough and pass: {}", e.getMessage());
          counting.count(batch, OptionalLong.of(0));
        } else {
          Long end = consumer.endOffsets(Set.of(DESIRED)).get(DESIRED);
          counting.count(batch, end == null ? OptionalLong.empty() : OptionalLong.of(end));
        }
      }
    }

    private void again(ConsumerRecords<byte[], byte[]> polled, Duration pause) {
      for (TopicPartition partition : polled.partitions()) {
        consumer.seek(partition, polled.records(partition).getFirst().offset());
      }
      pause(pause);
    }

    private Counting.Observed observed(ConsumerRecord<byte[], byte[]> each) {
      Counting.Partition partition = new Counting.Partition(topicId, each.partition());
      if (each.value() != null) {
        try {
          if (codec.decode(each.value()) instanceof PredictionLogged event) {
            return new Counting.Observed(partition, each.offset(), id(each, event), event);
          }
        } catch (TerminalFailure e) {
          if (lettered.add(each.partition() + "-" + each.offset())) {
            deadLetters.write(
                each, "monitoring.predictions", 1, e.code(), String.valueOf(e.getMessage()));
            meters.counter("monitoring.records.unreadable").increment();
          }
        }
      }
      return new Counting.Observed(partition, each.offset(), UNREAD, null);
    }
  }

  /** The event's id; of a writer that gives none, prediction and part. */
  private static UUID id(ConsumerRecord<byte[], byte[]> each, PredictionLogged event) {
    Header header = each.headers().lastHeader("ce_id");
    String given =
        header == null || header.value() == null
            ? event.getPredictionId() + "/" + event.getPart()
            : new String(header.value(), StandardCharsets.UTF_8);
    try {
      return UUID.fromString(given);
    } catch (IllegalArgumentException anotherForm) {
      return UUID.nameUUIDFromBytes(given.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Puts the consumer where the counts end. */
  private final class Placing implements ConsumerRebalanceListener {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topicId;

    Placing(KafkaConsumer<byte[], byte[]> consumer, String topicId) {
      this.consumer = consumer;
      this.topicId = topicId;
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      log.debug("Gave up {}", partitions);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      Map<Counting.Partition, Long> stored = counting.offsets();
      for (TopicPartition partition : partitions) {
        Long next = stored.get(new Counting.Partition(topicId, partition.partition()));
        if (next == null) {
          consumer.seekToBeginning(List.of(partition));
        } else {
          consumer.seek(partition, new OffsetAndMetadata(next));
        }
      }
    }
  }

  private String topicId() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      return Objects.requireNonNull(
              admin
                  .describeTopics(List.of(TOPIC))
                  .allTopicNames()
                  .get(10, TimeUnit.SECONDS)
                  .get(TOPIC))
          .topicId()
          .toString();
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("topic " + TOPIC + " cannot be described: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    Properties properties = new Properties();
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
    properties.put(
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
        CooperativeStickyAssignor.class.getName());
    properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 10_000);
    properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 2_000);
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, settings.batch());
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void pause(Duration time) {
    try {
      if (stopped.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
        running = false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      running = false;
    }
  }
}
