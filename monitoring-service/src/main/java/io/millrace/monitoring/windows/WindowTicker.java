package io.millrace.monitoring.windows;

import io.millrace.database.Database;
import io.millrace.datasets.Profile;
import io.millrace.messaging.KafkaSettings;
import io.millrace.monitoring.models.Watch;
import io.millrace.monitoring.models.Watches;
import io.millrace.pipeline.Pipeline;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Closes windows of time after their end and grace, though not before everything that was published
 * until then is counted: a service that was down for hours closes no window short of its rows. Each
 * window is closed once, whatever the number of processes. Forgets old ids of predictions as well.
 */
@Component
class WindowTicker implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(WindowTicker.class);
  private static final String TOPIC = Topics.PREDICTIONS.name();
  private static final long PRUNE_EVERY = TimeUnit.MINUTES.toNanos(1);
  private static final int PRUNED_AT_ONCE = 20_000;

  private final Database database;
  private final Windows windows;
  private final Watches watches;
  private final Closing closing;
  private final Counting counting;
  private final CountedPredictions counted;
  private final MonitoringSettings settings;
  private final String bootstrap;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean running;
  private long pruned = System.nanoTime() - PRUNE_EVERY;
  private @Nullable Thread thread;

  WindowTicker(
      Database database,
      Windows windows,
      Watches watches,
      Closing closing,
      Counting counting,
      CountedPredictions counted,
      MonitoringSettings settings,
      KafkaSettings kafka) {
    this.database = database;
    this.windows = windows;
    this.watches = watches;
    this.closing = closing;
    this.counting = counting;
    this.counted = counted;
    this.settings = settings;
    this.bootstrap = kafka.bootstrapServers();
  }

  @Override
  public void start() {
    running = true;
    thread = Thread.ofVirtual().name("window-ticker").start(this::run);
  }

  @Override
  public void stop() {
    running = false;
    stopped.countDown();
    Thread current = thread;
    if (current != null) {
      try {
        current.join(java.time.Duration.ofSeconds(10));
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
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      while (running && !stopped.await(settings.tick().toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          tick(admin);
          prune();
        } catch (RuntimeException | ExecutionException | TimeoutException e) {
          log.warn("Windows wait: {}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tick(Admin admin) throws ExecutionException, InterruptedException, TimeoutException {
    Instant before = Instant.now().minus(settings.grace());
    List<Windows.Summary> ended = database.read(tx -> windows.ended(tx, before));
    if (ended.isEmpty() || !allCounted(admin)) {
      return;
    }
    for (Windows.Summary window : ended) {
      close(window);
    }
  }

  private void prune() {
    if (System.nanoTime() - pruned < PRUNE_EVERY) {
      return;
    }
    long gone = PRUNED_AT_ONCE;
    while (running && gone == PRUNED_AT_ONCE) {
      gone = database.inTransaction(tx -> counted.prune(tx, settings.keepIds(), PRUNED_AT_ONCE));
    }
    pruned = System.nanoTime();
  }

  /** True where everything published until now is counted. */
  private boolean allCounted(Admin admin)
      throws ExecutionException, InterruptedException, TimeoutException {
    TopicDescription topic =
        Objects.requireNonNull(
            admin
                .describeTopics(List.of(TOPIC))
                .allTopicNames()
                .get(10, TimeUnit.SECONDS)
                .get(TOPIC));
    Map<TopicPartition, OffsetSpec> latest =
        topic.partitions().stream()
            .collect(
                Collectors.toMap(
                    p -> new TopicPartition(TOPIC, p.partition()), p -> OffsetSpec.latest()));
    var ends = admin.listOffsets(latest).all().get(10, TimeUnit.SECONDS);
    Map<Counting.Partition, Long> counted = counting.offsets();
    return ends.entrySet().stream()
        .allMatch(
            end ->
                counted.getOrDefault(
                        new Counting.Partition(
                            topic.topicId().toString(), end.getKey().partition()),
                        0L)
                    >= end.getValue().offset());
  }

  private void close(Windows.Summary ended) {
    Optional<Closing.Closed> closed =
        database.inTransaction(
            tx -> {
              Optional<Watch> watch = watches.lock(tx, ended.key());
              Optional<Windows.Summary> window =
                  windows
                      .find(tx, ended.key(), ended.revision(), ended.number())
                      .filter(Windows.Summary::open);
              if (watch.isEmpty() || window.isEmpty()) {
                return Optional.empty();
              }
              Pipeline pipeline = watch.get().pipeline();
              Profile profile = watch.get().profile();
              return watch.get().revision() != ended.revision()
                      || pipeline == null
                      || profile == null
                  ? Optional.empty()
                  : Optional.of(closing.close(tx, watch.get(), pipeline, profile, window.get()));
            });
    closed.ifPresent(closing::tell);
  }
}
