package io.millrace.benchmarks;

import io.millrace.cli.CliFailure;
import io.millrace.cli.GatewayClient;
import io.millrace.cli.PlatformFolder;
import io.millrace.cli.Terminal;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.EventCodec;
import io.millrace.schemas.Topics;
import io.millrace.standalone.SeparateProcesses;
import io.millrace.standalone.Service;
import io.millrace.standalone.Wiring;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import tools.jackson.databind.JsonNode;

/** Measures the standalone platform as a user starts it, and each service alone. */
final class JourneyBenchmark {

  private static final String MODEL = "bench";
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);
  private static final Duration FLOW_WITHIN = Duration.ofMinutes(2);
  private static final Duration IDLE = Duration.ofSeconds(15);
  private static final int STARTS = 3;
  private static final int WARM_UP_PREDICTIONS = 2000;

  private final Path root;
  private final Terminal terminal;
  private final int requests;
  private final int predictions;
  private final Report report = new Report("journey", "./millrace bench journey");
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private String mark = "";

  JourneyBenchmark(Path root, Terminal terminal, int requests, int predictions) {
    this.root = root;
    this.terminal = terminal;
    this.requests = requests;
    this.predictions = predictions;
  }

  Report run() throws Exception {
    try (var workspace = Workspace.open()) {
      var home = workspace.folder();
      mark = workspace.mark();
      demo(home.resolve("demo"));
      platform(home.resolve("platform"));
      servicesAlone(home.resolve("alone"));
      clone(home.resolve("clone"));
    }
    return report;
  }

  private void demo(Path home) throws IOException, InterruptedException {
    terminal.line("The whole demo, on an empty folder ...");
    var begun = System.nanoTime();
    var process = launch(home, "demo", "--exit", "--port", "0", "--kafka-port", "0");
    var status = process.waitFor();
    var seconds = (System.nanoTime() - begun) / 1e9;
    if (status != 0) {
      throw new CliFailure("The demo failed:\n" + Files.readString(home.resolve("output.txt")));
    }
    report.add("whole demo, empty folder", seconds(seconds), "under 60 s", seconds < 60, "");
  }

  private Process launch(Path home, String... arguments) throws IOException {
    Files.createDirectories(home);
    var command = new ArrayList<String>();
    command.add(root.resolve("millrace").toString());
    command.addAll(List.of(arguments));
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("output.txt").toFile());
    builder.environment().put("MILLRACE_HOME", home.toString());
    builder.environment().put("MILLRACE_JAVA_OPTS", mark);
    return builder.start();
  }

  private void platform(Path home) throws Exception {
    var baseline = new Samples();
    for (int i = 0; i < STARTS; i++) {
      var begun = System.nanoTime();
      new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
      baseline.add(System.nanoTime() - begun);
    }
    var folder = new PlatformFolder(home);
    var restarts = new Samples();
    for (int i = 0; i <= STARTS; i++) {
      terminal.line("Start " + (i + 1) + " of " + (STARTS + 1) + " ...");
      var begun = System.nanoTime();
      var process = launch(home, "up", "--port", "0", "--kafka-port", "0");
      var running = awaitReady(folder, process);
      var took = System.nanoTime() - begun;
      try {
        if (i == 0) {
          report.add(
              "from command to everything ready, empty folder",
              seconds(took / 1e9),
              "under 15 s",
              took / 1e9 < 15,
              String.format(
                  Locale.ROOT,
                  "%.0f times `java -version`",
                  took / 1e6 / baseline.percentileMillis(0.5)));
        } else {
          restarts.add(took);
        }
        if (i == STARTS) {
          report.add(
              "from command to everything ready, folder in use (median)",
              seconds(restarts.percentileMillis(0.5) / 1000),
              "under 15 s",
              restarts.percentileMillis(0.5) < 15_000,
              String.format(
                  Locale.ROOT,
                  "%.0f times `java -version`",
                  restarts.percentileMillis(0.5) / baseline.percentileMillis(0.5)));
          Thread.sleep(IDLE);
          idleMemory(process.toHandle(), home);
          journey(running);
        }
      } finally {
        process.destroy();
        process.waitFor(30, TimeUnit.SECONDS);
      }
    }
  }

  private static PlatformFolder.Running awaitReady(PlatformFolder folder, Process process)
      throws InterruptedException, IOException {
    var deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (System.nanoTime() < deadline) {
      var running = folder.running();
      if (running.isPresent() && running.get().pid() == process.pid()) {
        return running.get();
      }
      if (!process.isAlive()) {
        throw new CliFailure(
            "The platform ended:\n" + Files.readString(folder.path().resolve("output.txt")));
      }
      Thread.sleep(20);
    }
    throw new CliFailure(
        "The platform was not ready in time:\n"
            + Files.readString(folder.path().resolve("output.txt")));
  }

  private void idleMemory(ProcessHandle process, Path home) throws IOException {
    var alone = Memory.resident(process);
    report.add(
        "resident memory of the standalone process, idle",
        Memory.megabytes(alone),
        "under 1500 MB",
        alone < 1_500_000_000L,
        "with PostgreSQL's processes " + Memory.megabytes(alone + postgres(home)));
  }

  /**
   * Resident memory of the database server, which is not a child of the platform, and of its own
   * children.
   */
  private static long postgres(Path home) throws IOException {
    try (var files = Files.walk(home.resolve("postgres"))) {
      for (var file : files.filter(path -> path.endsWith("postmaster.pid")).toList()) {
        var postmaster =
            ProcessHandle.of(Long.parseLong(Files.readAllLines(file).getFirst().strip()));
        return postmaster.map(Memory::residentWithChildren).orElse(0L);
      }
      return 0;
    }
  }

  private void journey(PlatformFolder.Running running) throws Exception {
    try (var gateway = new GatewayClient(running.gateway())) {
      gateway.pushDataset("breast-cancer-wisconsin", root.resolve("samples/breast-cancer.csv"));
      var definition =
          Files.readString(root.resolve("samples/breast-cancer.yaml"))
              .replace("name: breast-cancer\n", "name: " + MODEL + "\n")
              .replace("trees: 300", "trees: 20");
      gateway.tryPost("/api/v1/pipelines", definition, "text/yaml");
      requests(gateway, running.kafka());
      predictions(running.gateway());
    }
  }

  private void requests(GatewayClient gateway, String kafka) throws Exception {
    var started = new Samples();
    var served = new Samples();
    var roundTrip = new Samples();
    Map<String, Object> settings =
        Map.of("bootstrap.servers", kafka, "acks", "all", "linger.ms", 0);
    try (var producer =
            new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        var consumer =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
      var codec = new EventCodec();
      for (int i = 0; i < requests + 3; i++) {
        terminal.progress("requests", i + 1, requests + 3, "");
        var warm = i >= 3;
        var echo = UUID.randomUUID().toString();
        var echoNanos =
            publishAndAwait(
                producer,
                consumer,
                Topics.DATASETS.name(),
                Topics.DATASETS.name(),
                echo,
                new byte[] {'{', '}'},
                null);
        var id = UUID.randomUUID().toString();
        var request =
            TrainRequested.newBuilder()
                .setRequestId(id)
                .setPipeline(MODEL)
                .setRequestedBy("bench")
                .build();
        var nanos =
            publishAndAwait(
                producer,
                consumer,
                Topics.TRAIN_REQUESTS.name(),
                Topics.RUNS.name(),
                id,
                codec.encode(request),
                codec);
        var flow = awaitServed(gateway, id);
        if (warm) {
          roundTrip.add(echoNanos);
          started.add(nanos);
          served.add(promotionToServed(flow));
        }
      }
      terminal.endProgress();
    }
    report.add(
        "`TrainRequested` to `RunStarted`, warm",
        started.describe(),
        "p50 under 300 ms",
        started.percentileMillis(0.5) < 300,
        "a record through the same broker: " + roundTrip.describe());
    report.add(
        "`ModelPromoted` to served in production",
        served.describe(),
        "under 1 s",
        served.percentileMillis(1) < 1000,
        "");
  }

  /**
   * Publishes and waits for the answer on a topic: the same record, or the RunStarted of the
   * request.
   */
  private static long publishAndAwait(
      KafkaProducer<String, byte[]> producer,
      KafkaConsumer<String, byte[]> consumer,
      String topic,
      String answers,
      String id,
      byte[] value,
      @org.jspecify.annotations.Nullable EventCodec codec)
      throws InterruptedException, ExecutionException {
    var partitions =
        consumer.partitionsFor(answers).stream()
            .map(partition -> new TopicPartition(answers, partition.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position);
    var begun = System.nanoTime();
    producer.send(new ProducerRecord<>(topic, id, value)).get();
    while (System.nanoTime() - begun < FLOW_WITHIN.toNanos()) {
      for (var record : consumer.poll(Duration.ofMillis(100))) {
        var matches =
            codec == null
                ? id.equals(record.key())
                : codec.decode(record.value()) instanceof RunStarted run
                    && run.getRequestId().equals(id);
        if (matches) {
          return System.nanoTime() - begun;
        }
      }
    }
    throw new CliFailure("No answer to " + id + " on " + answers + " in time");
  }

  private static JsonNode awaitServed(GatewayClient gateway, String id)
      throws InterruptedException {
    var deadline = System.nanoTime() + FLOW_WITHIN.toNanos();
    while (System.nanoTime() < deadline) {
      var flow = gateway.find("/api/v1/flows/" + id);
      if (flow.isPresent() && find(flow.get(), "ModelDeployed", "production") != null) {
        return flow.get();
      }
      Thread.sleep(50);
    }
    throw new CliFailure("The model of request " + id + " was not served in time");
  }

  private static @org.jspecify.annotations.Nullable Instant find(
      JsonNode flow, String type, String environment) {
    for (var event : flow.path("events")) {
      if (event.path("type").asString("").equals(type)
          && event.path("data").path("environment").asString("").equals(environment)) {
        return Instant.parse(event.path("time").asString());
      }
    }
    return null;
  }

  private static Duration promotionToServed(JsonNode flow) {
    var promoted = java.util.Objects.requireNonNull(find(flow, "ModelPromoted", "production"));
    var deployed = java.util.Objects.requireNonNull(find(flow, "ModelDeployed", "production"));
    return Duration.between(promoted, deployed);
  }

  private void predictions(URI gateway) throws IOException, InterruptedException {
    var row =
        Files.readAllLines(root.resolve("samples/breast-cancer.csv"))
            .get(1)
            .replaceAll(",[a-z]+$", "");
    var predict =
        HttpRequest.newBuilder(gateway.resolve("/invocations?model=" + MODEL))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"instances\":[[" + row + "]]}"))
            .build();
    var ping = HttpRequest.newBuilder(gateway.resolve("/ping")).GET().build();
    for (int i = 0; i < WARM_UP_PREDICTIONS; i++) {
      call(predict);
      call(ping);
    }
    var scored = new Samples();
    var pinged = new Samples();
    for (int i = 0; i < predictions; i++) {
      scored.add(call(predict));
      pinged.add(call(ping));
    }
    report.add(
        "one-row prediction through the gateway, one client",
        scored.describe(),
        "p50 under 5 ms",
        scored.percentileMillis(0.5) < 5,
        "`GET /ping` on the same way: " + pinged.describe());
  }

  private long call(HttpRequest request) throws IOException, InterruptedException {
    var begun = System.nanoTime();
    var response = http.send(request, BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new CliFailure(
          request.uri() + " answered " + response.statusCode() + ": " + response.body());
    }
    return System.nanoTime() - begun;
  }

  private void servicesAlone(Path home) throws InterruptedException {
    terminal.line("Each service in a process of its own ...");
    var lib = root.resolve("standalone/target/dist/lib");
    try (var infrastructure = EmbeddedPlatform.start(EmbeddedPlatformSettings.in(home));
        var services =
            new SeparateProcesses(
                lib,
                home.resolve("logs"),
                Wiring.of(Wiring.Infrastructure.of(infrastructure), 0, home),
                List.of(
                    mark,
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx128m",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow"))) {
      services.start(Service.values());
      services.awaitReady(Service.values());
      Thread.sleep(IDLE);
      for (var service : Service.values()) {
        var bytes = Memory.resident(services.process(service).toHandle());
        report.add(
            "resident memory of " + service.module() + " alone, idle",
            Memory.megabytes(bytes),
            "under 350 MB",
            bytes < 350_000_000L,
            "");
      }
    }
  }

  private void clone(Path into) throws IOException {
    if (!Files.isDirectory(root.resolve(".git"))) {
      return;
    }
    Report.output(List.of("git", "clone", "-q", "file://" + root, into.toString()));
    try (var files = Files.walk(into)) {
      var bytes =
          files.filter(Files::isRegularFile).map(Path::toFile).mapToLong(File::length).sum();
      report.add(
          "clean clone, with its history",
          Memory.megabytes(bytes),
          "under 30 MB",
          bytes < 30_000_000,
          "");
    }
  }

  private static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.1f s", seconds);
  }
}
