package io.millrace.evaluation;

import ai.onnx.proto.OnnxMl;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Profile;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Small real models over data whose answer is known: {@code x} and {@code noise} decide {@code
 * answer}. A classifier gives yes the probability 1 / (1 + e^(-slope x)), a regressor answers slope
 * times x.
 */
public final class LinearModels {
  private LinearModels() {}

  /** 400 rows: x from a normal, answer yes where x plus noise is positive. */
  public static String classes() {
    Random random = new Random(11);
    StringBuilder csv = new StringBuilder("x,unused,answer\n");
    for (int row = 0; row < 400; row++) {
      double x = random.nextGaussian();
      String answer = x + 0.5 * random.nextGaussian() > 0 ? "yes" : "no";
      csv.append("%.6f,%.6f,%s\n".formatted(x, random.nextGaussian(), answer));
    }
    return csv.toString();
  }

  /** 300 rows: answer is 3 x plus noise. */
  public static String quantities() {
    Random random = new Random(12);
    StringBuilder csv = new StringBuilder("x,unused,answer\n");
    for (int row = 0; row < 300; row++) {
      double x = random.nextGaussian();
      csv.append(
          "%.6f,%.6f,%.6f\n".formatted(x, random.nextGaussian(), 3 * x + random.nextGaussian()));
    }
    return csv.toString();
  }

  /** Writes a package of a classifier or regressor with one feature. */
  public static ModelPackage write(
      Path directory, Path csv, Task task, String feature, double slope) {
    Table table = Csv.read(csv);
    var column = table.schema().column("x");
    Feature input = new Feature(feature, column.kind(), List.of());
    List<String> classes = task == Task.CLASSIFICATION ? table.classes("answer") : List.of();
    return ModelPackage.write(
        directory,
        new Manifest(
            Manifest.FORMAT,
            Manifest.VERSION,
            Instant.parse("2026-11-21T08:00:00Z"),
            "0.1.0",
            "run",
            "request",
            "linear",
            "test/linear",
            Map.of("slope", slope),
            42,
            new Manifest.Dataset("linear", "1", null, "answer", table.rows(), Split.DEFAULT),
            task,
            classes,
            List.of(input),
            null,
            Map.of(),
            List.of()),
        task == Task.CLASSIFICATION ? classifier(slope) : regressor(slope),
        Profile.of(table, List.of(column), "answer", IntStream.range(0, table.rows()).toArray()),
        new ModelPackage.InputExample(List.of(feature), List.of(List.of((Object) 0.5))));
  }

  private static byte[] classifier(double slope) {
    // Logits (0, slope x), then softmax.
    return model(
        OnnxMl.GraphProto.newBuilder()
            .addInitializer(tensor("W", new float[] {0, (float) slope}, 1, 2))
            .addNode(node("MatMul", List.of("features", "W"), "logits"))
            .addNode(
                node("Softmax", List.of("logits"), "probabilities").toBuilder()
                    .addAttribute(
                        OnnxMl.AttributeProto.newBuilder()
                            .setName("axis")
                            .setType(OnnxMl.AttributeProto.AttributeType.INT)
                            .setI(1)))
            .addOutput(value("probabilities", 2)));
  }

  private static byte[] regressor(double slope) {
    return model(
        OnnxMl.GraphProto.newBuilder()
            .addInitializer(tensor("W", new float[] {(float) slope}, 1, 1))
            .addNode(node("MatMul", List.of("features", "W"), "prediction"))
            .addOutput(value("prediction", 1)));
  }

  private static byte[] model(OnnxMl.GraphProto.Builder graph) {
    return OnnxMl.ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(15))
        .setGraph(graph.setName("linear").addInput(value("features", 1)))
        .build()
        .toByteArray();
  }

  private static OnnxMl.NodeProto node(String type, List<String> inputs, String output) {
    return OnnxMl.NodeProto.newBuilder()
        .setName(type)
        .setOpType(type)
        .addAllInput(inputs)
        .addOutput(output)
        .build();
  }

  private static OnnxMl.TensorProto tensor(String name, float[] values, long... shape) {
    OnnxMl.TensorProto.Builder tensor =
        OnnxMl.TensorProto.newBuilder()
            .setName(name)
            .setDataType(OnnxMl.TensorProto.DataType.FLOAT.getNumber());
    for (long size : shape) {
      tensor.addDims(size);
    }
    for (float value : values) {
      tensor.addFloatData(value);
    }
    return tensor.build();
  }

  private static OnnxMl.ValueInfoProto value(String name, long columns) {
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            OnnxMl.TypeProto.newBuilder()
                .setTensorType(
                    OnnxMl.TypeProto.Tensor.newBuilder()
                        .setElemType(OnnxMl.TensorProto.DataType.FLOAT.getNumber())
                        .setShape(
                            OnnxMl.TensorShapeProto.newBuilder()
                                .addDim(
                                    OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
                                .addDim(
                                    OnnxMl.TensorShapeProto.Dimension.newBuilder()
                                        .setDimValue(columns)))))
        .build();
  }
}
