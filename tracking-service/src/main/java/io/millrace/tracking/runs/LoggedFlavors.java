package io.millrace.tracking.runs;

import io.millrace.tracking.mlflow.MlflowException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tag in which clients before 3.0 keep what models a run logged: a JSON array with one entry
 * for each, of the most telling fields of its MLmodel file.
 */
final class LoggedFlavors {

  static final String TAG = "mlflow.log-model.history";

  private static final List<String> MANDATORY =
      List.of("artifact_path", "flavors", "run_id", "utc_time_created");
  private static final List<String> KEPT =
      List.of("run_id", "artifact_path", "utc_time_created", "model_uuid");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private LoggedFlavors() {}

  /** The entry of a model. */
  static ObjectNode entry(String modelJson) {
    ObjectNode model = parsed(modelJson);
    TreeSet<String> missing = new TreeSet<>(MANDATORY);
    missing.removeIf(model::has);
    if (!missing.isEmpty()) {
      throw MlflowException.invalid(
          "Model json is missing mandatory fields: "
              + missing.stream()
                  .map(name -> "'" + name + "'")
                  .collect(Collectors.joining(", ", "{", "}")));
    }
    ObjectNode entry = JSON.createObjectNode();
    KEPT.stream().filter(model::has).forEach(name -> entry.set(name, model.get(name)));
    JsonNode flavors = model.get("flavors").deepCopy();
    flavors.forEach(
        flavor -> {
          if (flavor instanceof ObjectNode fields) {
            fields.remove("config");
          }
        });
    entry.set("flavors", flavors);
    return entry;
  }

  /** The tag with one entry more. */
  static String appended(String tag, ObjectNode entry) {
    JsonNode history;
    try {
      history = JSON.readTree(tag);
    } catch (JacksonException notJson) {
      history = JSON.createObjectNode();
    }
    if (!(history instanceof ArrayNode entries)) {
      throw MlflowException.invalid(
          "The tag %s of the run is not a JSON array, so nothing can be added to it."
              .formatted(TAG));
    }
    return entries.add(entry).toString();
  }

  private static ObjectNode parsed(String json) {
    try {
      if (JSON.readTree(json) instanceof ObjectNode model) {
        return model;
      }
    } catch (JacksonException notJson) {
      throw MlflowException.invalid(
          "Malformed model info. It is not JSON: " + notJson.getOriginalMessage());
    }
    throw MlflowException.invalid("Malformed model info. It is not a JSON object.");
  }
}
