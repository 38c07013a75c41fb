package io.millrace.tracking;

import static org.awaitility.Awaitility.await;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The service as a process of its own on a database of its own, to be killed. */
public final class TrackingProcess implements AutoCloseable {

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final FreshDatabase database;
  private final Path log;
  private final int port;
  private Process process;

  public TrackingProcess(Path log) throws IOException {
    this(log, EmbeddedPlatform.shared().freshDatabase());
  }

  private TrackingProcess(Path log, FreshDatabase database) throws IOException {
    this.log = log;
    this.database = database;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
    start();
  }

  /** Another one on the same data. */
  public TrackingProcess replica(Path log) {
    try {
      return new TrackingProcess(log, database);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it and waits until it is ready. */
  private void start() throws IOException {
    URI postgres = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                TrackingService.class.getName(),
                "--server.port=" + port,
                "--millrace.kafka.bootstrap-servers=" + EmbeddedPlatform.shared().kafkaBootstrap(),
                "--millrace.postgres.host=" + postgres.getHost(),
                "--millrace.postgres.port=" + postgres.getPort(),
                "--millrace.postgres.database=" + database.name(),
                "--millrace.postgres.user=" + database.user(),
                "--millrace.postgres.password=" + database.password()));
    // Consumer groups of its own: those of the other service in these tests are left alone.
    for (String binding : List.of("trainRequests", "flowEvents", "servedModels", "letters")) {
      command.add(
          "--spring.cloud.stream.bindings.%s-in-0.group=%s-%s"
              .formatted(binding, database.name(), binding));
    }
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    await("ready")
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(100))
        .until(this::ready);
  }

  /** As `kill -9` does. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** The status of a call of MLflow's API, whose body has single quotes for double ones. */
  public int mlflow(String call, String json) throws IOException, InterruptedException {
    return send(call, json).statusCode();
  }

  /** Its whole answer. */
  public java.net.http.HttpResponse<String> send(String call, String json)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(uri("/api/2.0/mlflow/" + call))
            .timeout(Duration.ofSeconds(20))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')))
            .build(),
        BodyHandlers.ofString());
  }

  /** The body of a page that is there. */
  public String get(String path) throws IOException, InterruptedException {
    var answer = http.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new AssertionError(path + " answered " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body();
  }

  /** What it printed. */
  public String output() throws IOException {
    return Files.readString(log);
  }

  private boolean ready() throws InterruptedException {
    if (!process.isAlive()) {
      throw new AssertionError("The service ended, see " + log);
    }
    try {
      return http.send(
                  HttpRequest.newBuilder(uri("/actuator/health/readiness")).build(),
                  BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    http.shutdownNow();
  }
}
