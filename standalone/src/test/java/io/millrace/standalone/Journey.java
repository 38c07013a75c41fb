package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.cli.CliFailure;
import io.millrace.cli.GatewayClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** A user's side of the journey, over the gateway alone. */
final class Journey implements AutoCloseable {

  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  static final Path SAMPLE = ROOT.resolve("samples/breast-cancer.csv");
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final List<String> ENVIRONMENTS = List.of("staging", "production");

  private static final List<String> BEGINNING = List.of("TrainAccepted", "RunQueued", "RunStarted");

  /** What a journey has once. */
  private static final List<String> ONCE =
      List.of(
          "TrainAccepted",
          "ModelTrained",
          "ModelVersionCreated",
          "EvaluationRequested",
          "ModelEvaluated");

  private static final List<String> ONCE_AN_ENVIRONMENT = List.of("ModelPromoted", "ModelDeployed");

  private final GatewayClient gateway;

  Journey(URI gateway) {
    this.gateway = new GatewayClient(gateway);
  }

  GatewayClient gateway() {
    return gateway;
  }

  /**
   * A pipeline on the sample data whose forest is small, so that a journey takes a second or two.
   */
  static String pipeline(String name, int trees) {
    try {
      return Files.readString(ROOT.resolve("samples/breast-cancer.yaml"))
          .replace("name: breast-cancer\n", "name: " + name + "\n")
          .replace("trees: 300", "trees: " + trees);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Stores the sample data and applies a pipeline. */
  Journey prepare(String name, int trees) {
    gateway.pushDataset("breast-cancer-wisconsin", SAMPLE);
    apply(pipeline(name, trees));
    return this;
  }

  void apply(String pipeline) {
    var applied = gateway.tryPost("/api/v1/pipelines", pipeline, "text/yaml");
    assertThat(applied.succeeded()).as("pipeline applied: %s", applied.body()).isTrue();
  }

  /** The run as the list of runs has it. */
  JsonNode run(String runId) {
    return gateway
        .get("/api/v1/runs?limit=100")
        .path("items")
        .valueStream()
        .filter(run -> run.path("runId").asString().equals(runId))
        .findFirst()
        .orElseThrow();
  }

  /** Asks for a training by POST. */
  String request(String pipeline) {
    var id = UUID.randomUUID().toString();
    gateway.post(
        "/api/v1/train-requests",
        Map.of("requestId", id, "pipeline", pipeline, "requestedBy", "tester"));
    return id;
  }

  /** Waits until a flow has the status. */
  JsonNode awaitStatus(String requestId, String status) {
    await("flow " + requestId + " is " + status)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .untilAsserted(
            () -> assertThat(flow(requestId).path("status").asString()).isEqualTo(status));
    return flow(requestId);
  }

  /** Waits until a flow's story has an event of the type (and environment, if one is named). */
  void awaitEvent(String requestId, String type, String environment) {
    await("flow " + requestId + " has " + type)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptionsInstanceOf(CliFailure.class)
        .ignoreExceptionsInstanceOf(NoSuchElementException.class)
        .until(() -> happened(requestId, type, environment));
  }

  /** True once it happened; a story that has ended badly fails at once and shows itself. */
  private boolean happened(String requestId, String type, String environment) {
    var flow = gateway.find("/api/v1/flows/" + requestId).orElseThrow();
    if (count(flow, type, environment) > 0) {
      return true;
    }
    for (var bad :
        List.of("TrainingRejected", "TrainingFailed", "EvaluationFailed", "ModelRejected")) {
      if (count(flow, bad, "") > 0) {
        throw new AssertionError("waiting for " + type + ", but:\n" + flow.toPrettyString());
      }
    }
    return false;
  }

  /**
   * Waits until production serves the flow's model and the story has all that led there. It hears
   * of that by several topics, one of which may be behind the others when the broker was away.
   */
  JsonNode awaitServed(String requestId) {
    BEGINNING.forEach(type -> awaitEvent(requestId, type, ""));
    ONCE.forEach(type -> awaitEvent(requestId, type, ""));
    for (var environment : ENVIRONMENTS) {
      ONCE_AN_ENVIRONMENT.forEach(type -> awaitEvent(requestId, type, environment));
    }
    return flow(requestId);
  }

  JsonNode flow(String requestId) {
    return gateway
        .find("/api/v1/flows/" + requestId)
        .orElseThrow(() -> new AssertionError("no flow " + requestId));
  }

  static List<String> types(JsonNode flow) {
    var types = new ArrayList<String>();
    flow.path("events").forEach(event -> types.add(event.path("type").asString()));
    return types;
  }

  /** Events of a type, in any environment where that is empty. */
  static long count(JsonNode flow, String type, String environment) {
    long count = 0;
    for (var event : flow.path("events")) {
      if (event.path("type").asString().equals(type)
          && (environment.isEmpty()
              || event.path("data").path("environment").asString("").equals(environment))) {
        count++;
      }
    }
    return count;
  }

  /** Exactly one of everything that may happen only once. */
  static void assertHappenedOnce(JsonNode flow) {
    var types = types(flow);
    assertThat(types).as("story").containsAll(BEGINNING);
    for (var once : ONCE) {
      assertThat(types.stream().filter(once::equals).count()).as(once).isEqualTo(1);
    }
    // A worker that stops has its run queued again, and each job starts it at least once.
    assertThat(types.stream().filter("RunQueued"::equals).count())
        .as("RunQueued")
        .isLessThanOrEqualTo(types.stream().filter("RunStarted"::equals).count());
    for (var environment : ENVIRONMENTS) {
      for (var once : ONCE_AN_ENVIRONMENT) {
        assertThat(count(flow, once, environment)).as(once + " " + environment).isEqualTo(1);
      }
    }
    assertThat(types)
        .doesNotContain("TrainingFailed", "EvaluationFailed", "ModelRejected", "DeploymentFailed");
  }

  /** One row of the sample, scored in production. */
  JsonNode predictOne(String model) {
    var row =
        "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,1.095,0.9053,8.589,153.4,0.006399,0.04904,0.05373,0.01587,0.03003,0.006193,25.38,17.33,184.6,2019,0.1622,0.6656,0.7119,0.2654,0.4601,0.1189";
    var answer =
        gateway.tryPost(
            "/invocations?model=" + model, "{\"instances\":[[" + row + "]]}", "application/json");
    assertThat(answer.succeeded()).as("prediction: %s", answer.body()).isTrue();
    return answer.body().path("predictions");
  }

  /** Has production score the same row many times, which no training data looks like. */
  void predictShifted(String model, int rows) {
    predictShifted(model, "production", rows);
  }

  void predictShifted(String model, String environment, int rows) {
    var row = "[" + "7,".repeat(29) + "7]";
    var answer =
        gateway.tryPost(
            "/invocations?model=" + model + "&environment=" + environment,
            "{\"instances\":[" + (row + ",").repeat(rows - 1) + row + "]}",
            "application/json");
    assertThat(answer.succeeded()).as("prediction: %s", answer.body()).isTrue();
  }

  @Override
  public void close() {
    gateway.close();
  }
}
