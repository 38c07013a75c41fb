package io.millrace.inference.models;

import io.millrace.events.DesiredState;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.KafkaSettings;
import io.millrace.messaging.TerminalFailure;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Follows the compacted topic of desired states from its beginning, without a consumer group: every
 * replica sees every state, and needs no memory of its own to start again. At the start only the
 * newest state of each endpoint is loaded; the replica is ready once those have been loaded or
 * refused.
 */
@Component
class DesiredStates implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DesiredStates.class);
  private static final String TOPIC = Topics.DESIRED_STATE.name();
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final EventCodec codec;
  private final Rollout rollout;
  private final ServingSettings settings;
  private final String bootstrap;
  private volatile boolean ready;
  private volatile boolean running;
  private volatile @Nullable KafkaConsumer<String, byte[]> consumer;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  DesiredStates(EventCodec codec, Rollout rollout, ServingSettings settings, KafkaSettings kafka) {
    this.codec = codec;
    this.rollout = rollout;
    this.settings = settings;
    this.bootstrap = kafka.bootstrapServers();
  }

  /** True once everything that was wanted at the start has been loaded or refused. */
  boolean ready() {
    return ready;
  }

  @Override
  public void start() {
    running = true;
    thread = Thread.ofPlatform().name("desired-state").daemon().start(this::follow);
  }

  @Override
  public void stop() {
    running = false;
    stopped.countDown();
    KafkaConsumer<String, byte[]> open = consumer;
    if (open != null) {
      open.wakeup();
    }
    Thread follower = thread;
    if (follower != null) {
      try {
        follower.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  private void follow() {
    while (running) {
      try (KafkaConsumer<String, byte[]> opened = open()) {
        consumer = opened;
        follow(opened);
      } catch (WakeupException e) {
        log.debug("Woken to stop");
      } catch (KafkaException e) {
        log.warn("Following {} broke off, starting again: {}", TOPIC, e.toString());
      } catch (RuntimeException e) {
        log.error("Following {} broke off, starting again", TOPIC, e);
      } finally {
        consumer = null;
      }
      pause();
    }
  }

  private void follow(KafkaConsumer<String, byte[]> opened) {
    List<TopicPartition> partitions =
        opened.partitionsFor(TOPIC).stream()
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    if (partitions.isEmpty()) {
      log.info("Waiting for topic {}", TOPIC);
      return;
    }
    opened.assign(partitions);
    opened.seekToBeginning(partitions);
    catchUp(opened, opened.endOffsets(partitions));
    while (running) {
      for (ConsumerRecord<String, byte[]> change : opened.poll(POLL)) {
        Wanted wanted = read(change);
        if (wanted != null) {
          var _ = rollout.want(wanted);
        }
      }
    }
  }

  /** Reads up to the ends and wants only the newest of each endpoint. */
  private void catchUp(KafkaConsumer<String, byte[]> opened, Map<TopicPartition, Long> ends) {
    Map<Endpoint, Wanted> newest = new LinkedHashMap<>();
    Map<TopicPartition, Long> left = new HashMap<>(ends);
    left.entrySet().removeIf(end -> opened.position(end.getKey()) >= end.getValue());
    while (running && !left.isEmpty()) {
      for (ConsumerRecord<String, byte[]> change : opened.poll(POLL)) {
        Wanted wanted = read(change);
        if (wanted != null) {
          newest.put(wanted.endpoint(), wanted);
        }
      }
      left.entrySet().removeIf(end -> opened.position(end.getKey()) >= end.getValue());
    }
    List<CompletableFuture<Void>> first = new ArrayList<>();
    newest.values().forEach(wanted -> first.add(rollout.want(wanted)));
    var _ =
        CompletableFuture.allOf(first.toArray(CompletableFuture[]::new))
            .thenRun(
                () -> {
                  if (!ready) {
                    log.info("Ready: {} desired states settled", first.size());
                  }
                  ready = true;
                });
  }

  private @Nullable Wanted read(ConsumerRecord<String, byte[]> change) {
    String key = change.key() == null ? "" : change.key();
    int slash = key.indexOf('/');
    if (change.value() == null) {
      if (slash < 1) {
        return null;
      }
      Endpoint endpoint = new Endpoint(key.substring(0, slash), key.substring(slash + 1));
      return settings.environments().contains(endpoint.environment())
          ? Wanted.nothing(endpoint, rollout.seen(endpoint))
          : null;
    }
    try {
      SpecificRecord event = codec.decode(change.value());
      if (!(event instanceof DesiredState state)
          || !settings.environments().contains(state.getEnvironment())) {
        return null;
      }
      return new Wanted(
          new Endpoint(state.getEnvironment(), state.getModelName()),
          state.getVersion(),
          state.getRevision(),
          state.getModelPackage().getUri(),
          state.getModelPackage().getSha256(),
          state.getRequestId(),
          System.nanoTime());
    } catch (TerminalFailure e) {
      log.error(
          "Skipping a desired state that cannot be read, at {}-{}-{}: {}",
          change.topic(),
          change.partition(),
          change.offset(),
          e.getMessage());
      return null;
    }
  }

  private KafkaConsumer<String, byte[]> open() {
    Properties properties = new Properties();
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, "desired-state-" + settings.replica());
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
  }

  private void pause() {
    try {
      if (stopped.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        running = false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      running = false;
    }
  }
}
