package io.millrace.training.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a trainer wrote about its end: {@code result.json} in its output directory.
 *
 * @param succeeded whether it says that there is a package
 * @param reason its reason, empty where it gives none
 * @param message its words, empty where it gives none
 * @param metrics final metrics
 * @param parityMaxAbsDiff 0 where it gives none
 */
record TrainerReport(
    boolean succeeded,
    String reason,
    String message,
    Map<String, Double> metrics,
    double parityMaxAbsDiff) {

  static final String FILE = "result.json";
  static final String CHECKS = "data-checks.json";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Reads it; empty where there is none that can be read. */
  static Optional<TrainerReport> read(Path output) {
    return json(output.resolve(FILE)).map(TrainerReport::of);
  }

  /** Reads the data checks; empty where there are none, or not yet whole. */
  static Optional<JsonNode> checks(Path output) {
    return json(output.resolve(CHECKS)).filter(node -> node.path("checks").isArray());
  }

  private static Optional<JsonNode> json(Path file) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readTree(Files.readAllBytes(file))).filter(JsonNode::isObject);
    } catch (IOException | JacksonException e) {
      return Optional.empty();
    }
  }

  private static TrainerReport of(JsonNode result) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    result
        .path("metrics")
        .properties()
        .forEach(
            metric -> {
              if (metric.getValue().isNumber()) {
                metrics.put(metric.getKey(), metric.getValue().asDouble());
              }
            });
    return new TrainerReport(
        result.path("status").asString("").equals("succeeded"),
        result.path("reason").asString(""),
        result.path("message").asString(""),
        metrics,
        result.path("parity").path("maxAbsDiff").asDouble(0));
  }
}
