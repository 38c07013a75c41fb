package io.millrace.evaluation.evaluations;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.database.Database;
import io.millrace.datasets.Task;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.embedded.SharedPlatform;
import io.millrace.evaluation.EvaluationWorker;
import io.millrace.evaluation.LinearModels;
import io.millrace.evaluation.StoredArtifacts;
import io.millrace.events.DatasetRef;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.FileRef;
import io.millrace.messaging.Delivery;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.messaging.WorkSettings;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Deliveries that a queue cannot be made to give on demand, on real Kafka and PostgreSQL. */
class EvaluationListenerIT {
  @TempDir static Path work;
  private static final SharedPlatform PLATFORM = EmbeddedPlatform.shared();
  private static StoredArtifacts artifacts;
  private static ConfigurableApplicationContext worker;

  @BeforeAll
  static void start() {
    FreshDatabase database = PLATFORM.freshDatabase();
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    artifacts = new StoredArtifacts();
    worker =
        EvaluationWorker.application()
            .run(
                "--server.port=0",
                "--millrace.kafka.bootstrap-servers=" + PLATFORM.kafkaBootstrap(),
                "--millrace.artifact.uri=" + artifacts.uri(),
                "--millrace.evaluation.cache.directory=" + work.resolve("cache"),
                "--millrace.postgres.host=" + postgres.getHost(),
                "--millrace.postgres.port=" + postgres.getPort(),
                "--millrace.postgres.database=" + database.name(),
                "--millrace.postgres.user=" + database.user(),
                "--millrace.postgres.password=" + database.password());
  }

  @AfterAll
  static void stop() {
    worker.close();
    artifacts.close();
  }

  @Test
  void saysSoWhenDeliveriesEndWithoutAResult() throws Exception {
    ReceivedEvent<EvaluationRequested> job = job("killer");

    listener().work(job, delivery(worker.getBean(WorkSettings.class).maxDeliveries()));

    Evaluation stored = stored("killer");
    assertThat(stored.status()).isEqualTo("FAILED");
    assertThat(stored.reason()).isEqualTo("crashed");
    assertThat(stored.message()).contains("3 deliveries").contains("memory");
    assertThat(artifacts.reads()).noneMatch(path -> path.contains("killer"));
    awaitTold("killer");
    assertThat(told("killer")).isEqualTo(1);
  }

  @Test
  void storesOneResultOfWorkersThatHaveTheSameJob() throws Exception {
    ReceivedEvent<EvaluationRequested> job = job("shared");
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Void> one =
          () -> {
            listener().work(job, delivery(1));
            return null;
          };
      for (Future<Void> done : workers.invokeAll(List.of(one, one, one, one))) {
        done.get();
      }
    }

    assertThat(stored("shared").verdict()).isEqualTo("PASSED");
    awaitTold("shared");
    assertThat(told("shared")).isEqualTo(1);
  }

  private static EvaluationListener listener() {
    return worker.getBean(EvaluationListener.class);
  }

  private static Evaluation stored(String model) {
    return worker
        .getBean(Database.class)
        .read(tx -> worker.getBean(Evaluations.class).find(tx, model, 1))
        .orElseThrow();
  }

  private static void awaitTold(String model) {
    Awaitility.await("the relay has published everything")
        .until(
            () ->
                worker
                        .getBean(Database.class)
                        .read(tx -> tx.query("select 1 as one from outbox", row -> row.int4("one")))
                        .isEmpty()
                    && told(model) > 0);
  }

  /** Events on the topic about a model. */
  private static long told(String model) {
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", PLATFORM.kafkaBootstrap()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          Stream.iterate(0, p -> p + 1)
              .limit(Topics.EVALUATIONS.partitions())
              .map(p -> new TopicPartition(Topics.EVALUATIONS.name(), p))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long end = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
      long found = 0;
      while (partitions.stream().mapToLong(consumer::position).sum() < end) {
        for (ConsumerRecord<String, byte[]> incoming :
            consumer.poll(java.time.Duration.ofMillis(200))) {
          found += model.equals(incoming.key()) ? 1 : 0;
        }
      }
      return found;
    }
  }

  private static ReceivedEvent<EvaluationRequested> job(String model) throws Exception {
    Path csv = Files.writeString(work.resolve(model + ".csv"), LinearModels.classes());
    byte[] content = Files.readAllBytes(csv);
    artifacts.putDataset(model, 1, content);
    EvaluationRequested asked =
        EvaluationRequested.newBuilder()
            .setRequestId("flow-" + model)
            .setRunId("run-" + model)
            .setModelName(model)
            .setVersion(1)
            .setModelPackage(stored(model, csv))
            .setDataset(
                DatasetRef.newBuilder()
                    .setName(model)
                    .setVersion(1)
                    .setDigest("cd".repeat(32))
                    .setContent(
                        FileRef.newBuilder()
                            .setUri("dataset:/" + model + "/1")
                            .setMediaType("text/csv")
                            .setSha256(
                                HexFormat.of()
                                    .formatHex(
                                        MessageDigest.getInstance("SHA-256").digest(content)))
                            .setSize(content.length)
                            .build())
                    .build())
            .setPipeline(
                PipelineFile.parse(
                        """
                        name: %s
                        dataset: {name: %s, version: 1, target: answer}
                        train: {trainer: smile/random-forest}
                        evaluate: {gates: [{metric: accuracy, at-least: 0.6}], bootstrap: {resamples: 100}}
                        """
                            .formatted(model, model))
                    .orThrow()
                    .toJson())
            .setRequestedBy("alice")
            .build();
    return new ReceivedEvent<>(
        asked,
        UUID.randomUUID().toString(),
        "/millrace/tracking-service",
        model,
        asked.getRequestId(),
        Instant.now(),
        Topics.EVALUATION_JOBS.name(),
        0,
        0);
  }

  private static FileRef stored(String model, Path csv) throws IOException {
    ModelPackage written =
        LinearModels.write(work.resolve("package-" + model), csv, Task.CLASSIFICATION, "x", 3);
    String uri = "mlflow-artifacts:/1/" + model + "/artifacts/model";
    try (Stream<Path> files = Files.list(written.directory())) {
      for (Path file : files.toList()) {
        artifacts.put(uri + "/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    return FileRef.newBuilder()
        .setUri(uri)
        .setMediaType("application/x-directory")
        .setSha256(written.sha256())
        .setSize(written.size())
        .build();
  }

  private static Delivery delivery(int count) {
    return new Delivery() {
      @Override
      public int count() {
        return count;
      }

      @Override
      public boolean lockLost() {
        return false;
      }

      @Override
      public boolean stopping() {
        return false;
      }

      @Override
      public void goOnWithoutLock() {}

      @Override
      public void onLockLost(Runnable callback) {
        // The lock is never lost.
      }
    };
  }
}
