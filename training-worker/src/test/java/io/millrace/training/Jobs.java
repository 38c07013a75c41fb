package io.millrace.training;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.events.DatasetRef;
import io.millrace.events.FileRef;
import io.millrace.events.RunQueued;
import io.millrace.messaging.EventPublisher;
import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topics;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** Queues runs on the shared broker and says how workers are configured for it. */
public final class Jobs implements AutoCloseable {

  private final StandIn services;
  private final EventPublisher publisher;

  public Jobs(StandIn services) {
    this(services, EmbeddedPlatform.shared().kafkaBootstrap());
    EmbeddedPlatform.shared()
        .createTopic(Topics.TRAINING_JOBS.name(), Topics.TRAINING_JOBS.partitions());
    EmbeddedPlatform.shared().hurry("training-workers");
  }

  /** On a broker of one's own, which has the topic already. */
  public Jobs(StandIn services, String bootstrap) {
    this.services = services;
    this.publisher = EventPublisher.connect(bootstrap, "training-worker-test");
  }

  /** Settings of a worker that starts {@link ScriptedTrainer}s. */
  public static Map<String, String> worker(StandIn services, Path workDir) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("server.port", "0");
    properties.put("logging.level.root", "warn");
    properties.put("logging.level.io.millrace", "info");
    properties.put("millrace.kafka.bootstrap-servers", EmbeddedPlatform.shared().kafkaBootstrap());
    properties.put("millrace.work.lock", "15s");
    properties.put("millrace.tracking.uri", services.uri());
    properties.put("millrace.artifact.uri", services.uri());
    properties.put("millrace.gateway.uri", services.uri());
    properties.put("millrace.training.work-dir", workDir.toString());
    properties.put("millrace.training.trainer-class-path", System.getProperty("java.class.path"));
    properties.put("millrace.training.trainer-main", ScriptedTrainer.class.getName());
    properties.put("millrace.training.stop-grace", "1s");
    properties.put("millrace.training.patience", "4s");
    properties.put("millrace.training.memory-overhead", "300MB");
    return properties;
  }

  public static String[] arguments(Map<String, String> properties) {
    return properties.entrySet().stream()
        .map(property -> "--" + property.getKey() + "=" + property.getValue())
        .toArray(String[]::new);
  }

  /** A run whose scripted trainer does that. */
  public RunQueued scripted(String deed) {
    return scripted(deed, 60_000);
  }

  public RunQueued scripted(String deed, long timeoutMillis) {
    return run("scripted", Map.of("do", deed), timeoutMillis, "x,y\n1,a\n2,b\n3,a\n");
  }

  /** A run of the built-in forest. */
  public RunQueued forest() {
    Random random = new Random(1);
    StringBuilder csv = new StringBuilder("a,b,c,label\n");
    for (int i = 0; i < 400; i++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      csv.append(
          "%.4f,%.4f,%.4f,%s%n".formatted(a, b, random.nextDouble(), a + b > 0 ? "up" : "down"));
    }
    RunQueued job = run("smile/random-forest", Map.of("trees", "20"), 120_000, csv.toString());
    return RunQueued.newBuilder(job).setMemoryBytes(256L << 20).build();
  }

  /** A run on a dataset that nobody has. */
  public RunQueued withoutDataset() {
    RunQueued job = scripted("succeed");
    DatasetRef nowhere =
        DatasetRef.newBuilder(job.getDataset())
            .setName("nowhere")
            .setContent(
                FileRef.newBuilder(job.getDataset().getContent())
                    .setUri("dataset:/nowhere/1")
                    .setSha256("e".repeat(64))
                    .build())
            .build();
    return RunQueued.newBuilder(job).setDataset(nowhere).build();
  }

  private RunQueued run(
      String trainer, Map<String, String> params, long timeoutMillis, String csv) {
    String id = UUID.randomUUID().toString().replace("-", "");
    services.run(id);
    String sha256 = services.dataset("points", csv);
    Pipeline pipeline =
        PipelineFile.parse(
                """
                name: points
                dataset: {name: points, target: label}
                validate: {profile: lenient}
                train: {trainer: smile/random-forest}
                """)
            .orThrow();
    return RunQueued.newBuilder()
        .setRequestId("request-" + id)
        .setRunId(id)
        .setExperimentId("7")
        .setModelName("points")
        .setTrainer(trainer)
        .setParams(params)
        .setSeed(42)
        .setMemoryBytes(64L << 20)
        .setTimeoutMillis(timeoutMillis)
        .setDataset(
            DatasetRef.newBuilder()
                .setName("points")
                .setVersion(1)
                .setDigest("d".repeat(64))
                .setContent(
                    FileRef.newBuilder()
                        .setUri("dataset:/points/1")
                        .setMediaType("text/csv")
                        .setSha256(sha256)
                        .setSize(csv.length())
                        .build())
                .build())
        .setPipeline(pipeline.toJson())
        .setRequestedBy("test")
        .build();
  }

  /** Queues a run and returns its state in the stand-in. */
  public StandIn.Run queue(RunQueued job) {
    publisher.publish(Topics.TRAINING_JOBS, job.getRunId(), job, job.getRequestId()).join();
    return services.run(job.getRunId());
  }

  @Override
  public void close() {
    publisher.close();
  }
}
