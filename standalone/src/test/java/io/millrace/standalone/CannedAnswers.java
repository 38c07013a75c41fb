package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The answers that the console's tests are fed with, held against those of a running platform. */
final class CannedAnswers {

  private static final Path FOLDER = Journey.ROOT.resolve("console/src/test/resources/canned");

  /** Objects whose keys are data. */
  private static final Set<String> MAPS = Set.of("metrics", "params", "overrides");

  private final Journey journey;

  CannedAnswers(Journey journey) {
    this.journey = journey;
  }

  /**
   * Fails for a field that only the canned answers have.
   *
   * @param model has a version 1 with a drifted window in staging and waits for production
   * @param request the flow that made it
   */
  void areAsSaid(String model, String request) throws Exception {
    holds("flows.json", "/api/v1/flows?limit=100");
    holds("runs.json", "/api/v1/runs?limit=100");
    holds("models.json", "/api/v1/models");
    holds("approvals.json", "/api/v1/approvals?status=PENDING");
    holds("status.json", "/api/v1/status");
    holds("deployments.json", "/api/v1/deployments");
    holds(
        "deployments-production-breast-cancer-history.json",
        "/api/v1/deployments/staging/" + model + "/history");
    holds("monitoring.json", "/api/v1/monitoring");
    holds(
        "monitoring-production-breast-cancer-windows.json",
        "/api/v1/monitoring/staging/" + model + "/windows");
    holds("evaluations-breast-cancer-2.json", "/api/v1/evaluations/" + model + "/1");
    holds("evaluations-diabetes-risk-1.json", "/api/v1/evaluations/" + model + "/1");
    var run = journey.flow(request).path("runIds").path(0).asString();
    holds(
        "metric-validation.log_loss.json",
        "/api/2.0/mlflow/metrics/get-history?run_id=" + run + "&metric_key=validation.log_loss");
    eventsHold();
  }

  private void holds(String file, String path) throws Exception {
    var said = new TreeSet<String>();
    collect(journey.gateway().get(path), "", true, said);
    var canned = new TreeSet<String>();
    collect(read(FOLDER.resolve(file)), "", false, canned);
    assertThat(said).as("fields of %s, which %s has", path, file).containsAll(canned);
  }

  /** Of every type of event that happened here. */
  private void eventsHold() throws Exception {
    var said = new TreeMap<String, Set<String>>();
    for (var flow : journey.gateway().get("/api/v1/flows?limit=100").path("items")) {
      for (var event : journey.flow(flow.path("requestId").asString()).path("events")) {
        var fields = said.computeIfAbsent(event.path("type").asString(), type -> new TreeSet<>());
        collect(event, "", true, fields);
      }
    }
    assertThat(said.keySet())
        .contains("RunQueued", "MetricsLogged", "ModelEvaluated", "ModelDeployed");
    for (var file : flows()) {
      for (var event : read(file).path("events")) {
        var type = event.path("type").asString();
        var canned = new TreeSet<String>();
        collect(event, "", false, canned);
        if (said.containsKey(type)) {
          assertThat(said.get(type)).as("fields of %s in %s", type, file).containsAll(canned);
        }
      }
    }
  }

  private static List<Path> flows() throws Exception {
    try (var files = Files.newDirectoryStream(FOLDER, "flows-*.json")) {
      var found = new ArrayList<Path>();
      files.forEach(found::add);
      assertThat(found).isNotEmpty();
      return found;
    }
  }

  private static JsonNode read(Path file) throws Exception {
    return JsonMapper.shared().readTree(Files.readString(file));
  }

  /** The paths of all fields; of those with null only where asked. */
  private static void collect(JsonNode node, String path, boolean nulls, Set<String> into) {
    if (node.isArray()) {
      node.forEach(element -> collect(element, path + "[]", nulls, into));
    }
    for (var field : node.properties()) {
      if (nulls || !field.getValue().isNull()) {
        into.add(path + "." + field.getKey());
        var isMap = MAPS.contains(field.getKey()) && field.getValue().isObject();
        if (!isMap) {
          collect(field.getValue(), path + "." + field.getKey(), nulls, into);
        }
      }
    }
  }
}
