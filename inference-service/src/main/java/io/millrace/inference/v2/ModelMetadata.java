package io.millrace.inference.v2;

import io.millrace.datasets.ColumnKind;
import io.millrace.inference.models.ServedModel;
import io.millrace.inference.rows.Columns;
import io.millrace.modelpackage.Feature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client may send to a model and what it gets. A model of numbers names one matrix; one with
 * categories names a tensor per column. The properties name columns and classes in their order.
 */
record ModelMetadata(
    String name,
    List<String> versions,
    String platform,
    List<Tensor> inputs,
    List<Tensor> outputs,
    Map<String, String> properties) {

  record Tensor(String name, String datatype, List<Integer> shape) {}

  static ModelMetadata of(ServedModel model) {
    Columns columns = model.columns();
    List<Tensor> inputs = new ArrayList<>();
    if (columns.hasCategories()) {
      for (Feature feature : columns.features()) {
        inputs.add(
            new Tensor(
                feature.name(),
                feature.kind().isNumber()
                    ? "FP64"
                    : feature.kind() == ColumnKind.BOOLEAN ? "BOOL" : "BYTES",
                List.of(-1)));
      }
    } else {
      inputs.add(new Tensor("features", "FP32", List.of(-1, columns.width())));
    }
    List<Tensor> outputs =
        columns.classifies()
            ? List.of(
                new Tensor("label", "BYTES", List.of(-1)),
                new Tensor("probabilities", "FP32", List.of(-1, columns.classes().size())))
            : List.of(new Tensor("prediction", "FP32", List.of(-1)));
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("environment", model.endpoint().environment());
    properties.put("columns", String.join(",", columns.names()));
    if (columns.classifies()) {
      properties.put("classes", String.join(",", columns.classes()));
    }
    return new ModelMetadata(
        model.endpoint().model(),
        List.of(Integer.toString(model.version())),
        "onnx_onnxruntime",
        inputs,
        outputs,
        properties);
  }
}
