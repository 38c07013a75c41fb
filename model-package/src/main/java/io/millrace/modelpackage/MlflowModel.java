package io.millrace.modelpackage;

import io.millrace.datasets.Task;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files that let MLflow's own clients load a package: {@code MLmodel} with the onnx and the
 * python_function flavour, and the environments they ask for.
 */
final class MlflowModel {
  static final String MLFLOW_VERSION = "2.17.2";
  static final String ONNX_VERSION = "1.16.0";
  private static final String PYTHON_VERSION = "3.11.9";
  private static final List<String> REQUIREMENTS =
      List.of(
          "mlflow>=" + MLFLOW_VERSION,
          "onnx>=" + ONNX_VERSION,
          "onnxruntime>=1.18.0",
          "numpy",
          "pandas");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private MlflowModel() {}

  static String mlmodel(Manifest manifest, long modelSize) {
    Map<String, Object> onnx = new LinkedHashMap<>();
    onnx.put("code", null);
    onnx.put("data", ModelPackage.MODEL_FILE);
    onnx.put("onnx_session_options", null);
    onnx.put("onnx_version", ONNX_VERSION);
    onnx.put("providers", List.of("CPUExecutionProvider"));
    Map<String, Object> python = new LinkedHashMap<>();
    python.put("data", ModelPackage.MODEL_FILE);
    python.put("env", mapOf("conda", "conda.yaml", "virtualenv", "python_env.yaml"));
    python.put("loader_module", "mlflow.onnx");
    python.put("python_version", PYTHON_VERSION);

    Map<String, Object> model = new LinkedHashMap<>();
    model.put("artifact_path", "model");
    model.put("flavors", mapOf("onnx", onnx, "python_function", python));
    model.put("metadata", metadata(manifest));
    model.put("mlflow_version", MLFLOW_VERSION);
    model.put("model_size_bytes", modelSize);
    model.put("model_uuid", uuid(manifest).toString().replace("-", ""));
    model.put("run_id", manifest.runId());
    model.put(
        "saved_input_example_info",
        mapOf(
            "artifact_path", "input_example.json", "pandas_orient", "split", "type", "dataframe"));
    model.put("signature", signature(manifest));
    model.put(
        "utc_time_created",
        DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC)
            .format(manifest.createdAt()));
    return yaml(model);
  }

  static String requirements() {
    return String.join("\n", REQUIREMENTS) + "\n";
  }

  static String pythonEnv() {
    return yaml(
        mapOf(
            "python", PYTHON_VERSION,
            "build_dependencies", List.of("pip"),
            "dependencies", List.of("-r requirements.txt")));
  }

  static String conda() {
    return yaml(
        mapOf(
            "channels", List.of("conda-forge"),
            "dependencies", List.of("python=" + PYTHON_VERSION, "pip", mapOf("pip", REQUIREMENTS)),
            "name", "mlflow-env"));
  }

  /** The same model always has the same id. */
  private static UUID uuid(Manifest manifest) {
    return UUID.nameUUIDFromBytes(
        (manifest.runId() + "/" + manifest.createdAt())
            .getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static Map<String, Object> metadata(Manifest manifest) {
    Map<String, Object> categories = new LinkedHashMap<>();
    manifest.features().stream()
        .filter(f -> !f.kind().isNumber())
        .forEach(f -> categories.put(f.name(), f.categories()));
    Map<String, Object> millrace =
        mapOf(
            "task",
            manifest.task().key(),
            "trainer",
            manifest.trainer(),
            "classes",
            manifest.classes());
    if (!categories.isEmpty()) {
      // The graph takes the position in this list; Millrace itself encodes from the manifest.
      millrace.put("category_codes", categories);
    }
    return mapOf("millrace", millrace);
  }

  private static Map<String, Object> signature(Manifest manifest) {
    List<Object> inputs = new ArrayList<>();
    manifest
        .features()
        .forEach(f -> inputs.add(mapOf("type", "double", "name", f.name(), "required", true)));
    List<Object> outputs = new ArrayList<>();
    if (manifest.task() == Task.CLASSIFICATION) {
      outputs.add(tensor("label", integers(manifest.classes()) ? "int64" : "str", List.of(-1)));
      outputs.add(tensor("probabilities", "float32", List.of(-1, manifest.classes().size())));
    } else {
      outputs.add(tensor("prediction", "float32", List.of(-1, 1)));
    }
    return mapOf(
        "inputs", JSON.writeValueAsString(inputs),
        "outputs", JSON.writeValueAsString(outputs),
        "params", null);
  }

  private static boolean integers(List<String> classes) {
    return classes.stream().allMatch(c -> c.matches("-?\\d{1,18}"));
  }

  private static Map<String, Object> tensor(String name, String type, List<Integer> shape) {
    return mapOf(
        "type", "tensor", "name", name, "tensor-spec", mapOf("dtype", type, "shape", shape));
  }

  private static Map<String, Object> mapOf(@Nullable Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return map;
  }

  private static String yaml(Object document) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setWidth(100_000);
    return new Yaml(options).dump(document);
  }
}
