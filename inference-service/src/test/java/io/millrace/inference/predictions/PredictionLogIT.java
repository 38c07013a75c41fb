package io.millrace.inference.predictions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.PredictionLogged;
import io.millrace.inference.BreastCancer;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.RowBatch;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.EventPublisher;
import io.millrace.messaging.KafkaSettings;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.Scores;
import io.millrace.schemas.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

/**
 * The log against a broker that is away (an address where nobody listens) and one that is there.
 */
class PredictionLogIT {

  private static final String NOBODY = "127.0.0.1:1";

  @TempDir Path folder;

  /** Gives up soon: an end waits for the producer to give up. */
  private static EventPublisher toNobody() {
    return EventPublisher.connect(
        new KafkaSettings(NOBODY, Duration.ofSeconds(5), Duration.ofSeconds(1)),
        "inference-service");
  }

  private PredictionLog log(EventPublisher publisher, SimpleMeterRegistry meters, String limit) {
    return log(publisher, meters, limit, false);
  }

  private PredictionLog log(
      EventPublisher publisher, SimpleMeterRegistry meters, String limit, boolean beforeAnswer) {
    return new PredictionLog(
        publisher,
        new EventCodec(),
        new LogSettings(
            folder.resolve("spool"),
            DataSize.parse(limit),
            DataSize.ofKilobytes(256),
            beforeAnswer),
        meters);
  }

  /** What a process that was killed now would leave to the next. */
  private List<Spool.Entry> left() throws Exception {
    Path copy = folder.resolve("copy-" + UUID.randomUUID());
    Files.createDirectories(copy.resolve("0"));
    try (Stream<Path> files = Files.list(folder.resolve("spool/0"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".spool")).toList()) {
        Files.copy(file, copy.resolve("0").resolve(file.getFileName()));
      }
    }
    try (Spool spool = Spool.open(copy, Long.MAX_VALUE)) {
      return spool.peek(1000).entries();
    }
  }

  @Test
  void leavesNothingInMemoryOnlyASecondAfterKafkaFellSilent() throws Exception {
    Prediction call = call("silent", 2);
    try (EventPublisher publisher = EventPublisher.connect(NOBODY, "inference-service")) {
      PredictionLog log = log(publisher, new SimpleMeterRegistry(), "10MB");
      log.start();
      for (int i = 0; i < 20; i++) {
        log.add(call);
      }
      // The producer itself would wait for ten.
      await("on disk").atMost(Duration.ofSeconds(5)).until(() -> left().size() == 20);
      for (int i = 0; i < 5; i++) {
        log.add(call);
      }
      await("on disk at once").atMost(Duration.ofSeconds(1)).until(() -> left().size() == 25);
      log.stop();
      assertThat(left()).hasSize(25);
    }
  }

  @Test
  void hasEachCallOnDiskBeforeItsAnswerWhereThatIsAskedFor() throws Exception {
    String model = "before-" + UUID.randomUUID();
    Prediction call = call(model, 2);
    try (EventPublisher publisher = EventPublisher.connect(NOBODY, "inference-service")) {
      PredictionLog log = log(publisher, new SimpleMeterRegistry(), "10MB", true);
      log.start();
      for (int i = 1; i <= 10; i++) {
        log.add(call);
        assertThat(left()).hasSize(i);
      }
      log.stop();
    }
    EmbeddedPlatform.shared()
        .createTopic(Topics.PREDICTIONS.name(), Topics.PREDICTIONS.partitions());
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (EventPublisher publisher =
        EventPublisher.connect(EmbeddedPlatform.shared().kafkaBootstrap(), "inference-service")) {
      PredictionLog log = log(publisher, meters, "10MB", true);
      log.start();
      long worst = 0;
      for (int i = 0; i < 500; i++) {
        long start = System.nanoTime();
        log.add(call);
        worst = Math.max(worst, System.nanoTime() - start);
      }
      await("all are sent")
          .atMost(Duration.ofSeconds(30))
          .until(() -> meters.counter("inference.predictions", "outcome", "sent").count() == 510);
      log.stop();
      assertThat(left()).isEmpty();
      assertThat(Duration.ofNanos(worst)).isLessThan(Duration.ofSeconds(2));
    }
    assertThat(loggedIds(model)).hasSize(510);
  }

  private Prediction call(String model, int rows) throws java.io.IOException {
    Path home = folder.resolve(UUID.randomUUID().toString());
    ModelPackage written = BreastCancer.write(home, BreastCancer.FOREST);
    try (OnnxScorer scorer = OnnxScorer.open(written)) {
      RowBatch batch = new RowBatch(new Columns(written.signature()), rows);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < 30; c++) {
          batch.setText(r, c, BreastCancer.row(r % BreastCancer.rows()).get(c).toString());
        }
      }
      Scores scores = scorer.score(batch.matrix(), rows);
      return new Prediction(
          UUID.randomUUID(), "production", model, 1, Instant.now(), "v2", batch, scores, 100);
    }
  }

  @Test
  void keepsWhatKafkaDoesNotTakeAndSendsItLaterInOrder() throws Exception {
    String model = "spooled-" + UUID.randomUUID();
    Prediction call = call(model, 3);
    List<String> ids = new ArrayList<>();
    SimpleMeterRegistry away = new SimpleMeterRegistry();
    try (EventPublisher publisher = toNobody()) {
      PredictionLog first = log(publisher, away, "10MB");
      first.start();
      for (int i = 0; i < 50; i++) {
        UUID id = new UUID(i, i);
        ids.add(id.toString());
        first.add(
            new Prediction(
                id, "production", model, 1, call.at(), "v2", call.rows(), call.scores(), i));
      }
      await("everything is on disk")
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(away.counter("inference.predictions", "outcome", "spooled").count())
                      .isEqualTo(50));
      first.stop();
    }
    assertThat(away.counter("inference.predictions", "outcome", "lost").count()).isZero();

    EmbeddedPlatform.shared()
        .createTopic(Topics.PREDICTIONS.name(), Topics.PREDICTIONS.partitions());
    SimpleMeterRegistry back = new SimpleMeterRegistry();
    try (EventPublisher publisher =
        EventPublisher.connect(EmbeddedPlatform.shared().kafkaBootstrap(), "inference-service")) {
      PredictionLog second = log(publisher, back, "10MB");
      second.start();
      await("everything is sent")
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(back.counter("inference.predictions", "outcome", "sent").count())
                      .isEqualTo(50));
      second.stop();
    }
    assertThat(loggedIds(model)).containsExactlyInAnyOrderElementsOf(ids);
  }

  @Test
  void countsWhatIsLostOnceTheSpoolIsFull() throws Exception {
    Prediction call = call("lost", 20);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (EventPublisher publisher = toNobody()) {
      PredictionLog log = log(publisher, meters, "20KB");
      log.start();
      for (int i = 0; i < 30; i++) {
        log.add(call);
      }
      log.stop();
      assertThat(meters.counter("inference.predictions", "outcome", "lost").count())
          .isGreaterThan(20);
      assertThat(
              meters.counter("inference.predictions", "outcome", "lost").count()
                  + meters.counter("inference.predictions", "outcome", "spooled").count())
          .isEqualTo(30);
    }
  }

  @Test
  void splitsALargeCallIntoSmallEventsWithoutLosingARow() throws Exception {
    Prediction call = call("split", 2000);
    EventCodec codec = new EventCodec();
    List<PredictionEvents.Identified> events =
        PredictionEvents.of(call, rows -> assertThat(rows).isZero());
    assertThat(events).hasSizeGreaterThan(5);
    assertThat(events.stream().map(PredictionEvents.Identified::id).distinct())
        .hasSize(events.size());
    assertThat(events)
        .allSatisfy(
            e -> assertThat(codec.encode(e.event()).length).isLessThan(PredictionEvents.LARGEST));
    assertThat(events.stream().mapToInt(e -> e.event().getRows().size()).sum()).isEqualTo(2000);
    assertThat(events.getLast().event().getPart()).isEqualTo(events.size() - 1);
  }

  private static List<String> loggedIds(String model) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap());
    List<String> ids = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(Topics.PREDICTIONS.name()).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long end = consumer.endOffsets(partitions).values().stream().mapToLong(o -> o).sum();
      EventCodec codec = new EventCodec();
      long read = 0;
      while (read < end) {
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
          read++;
          if (codec.decode(each.value()) instanceof PredictionLogged logged
              && logged.getModelName().equals(model)) {
            ids.add(logged.getPredictionId());
          }
        }
      }
    }
    return ids;
  }
}
