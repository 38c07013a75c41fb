package io.millrace.trainers.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Builds an ONNX graph with the float input {@code features} of shape [n, width] and either the
 * outputs {@code label} and {@code probabilities} [n, classes], or {@code prediction} [n, 1].
 */
public final class OnnxGraphBuilder {
  /** The name of the input. */
  public static final String INPUT = "features";

  /** The domain of trees, label encoders and imputers. */
  public static final String ML = "ai.onnx.ml";

  private static final int IR_VERSION = 8;
  private static final int OPSET = 15;
  private static final int ML_OPSET = 3;

  private final OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder();
  private int nodes;

  public OnnxGraphBuilder(String name, int width) {
    graph.setName(name).addInput(value(INPUT, OnnxMl.TensorProto.DataType.FLOAT, width));
  }

  /** Adds a node of the standard domain and returns the name of its only output. */
  public String node(String type, List<String> inputs, OnnxMl.AttributeProto... attributes) {
    String output = type.toLowerCase(java.util.Locale.ROOT) + "_" + nodes;
    node("", type, inputs, List.of(output), attributes);
    return output;
  }

  /** Adds a node with chosen output names. */
  public void node(
      String domain,
      String type,
      List<String> inputs,
      List<String> outputs,
      OnnxMl.AttributeProto... attributes) {
    graph.addNode(
        OnnxMl.NodeProto.newBuilder()
            .setName(type + "_" + nodes++)
            .setDomain(domain)
            .setOpType(type)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(Arrays.asList(attributes)));
  }

  /** Adds constant floats and returns their name. */
  public String constant(String name, float[] values, long... shape) {
    OnnxMl.TensorProto.Builder tensor =
        OnnxMl.TensorProto.newBuilder()
            .setName(name)
            .setDataType(OnnxMl.TensorProto.DataType.FLOAT.getNumber());
    LongStream.of(shape).forEach(tensor::addDims);
    java.nio.ByteBuffer bytes =
        java.nio.ByteBuffer.allocate(values.length * Float.BYTES)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      bytes.putFloat(v);
    }
    graph.addInitializer(tensor.setRawData(ByteString.copyFrom(bytes.flip())));
    return name;
  }

  /** Adds a constant vector of integers and returns its name. */
  public String constant(String name, long[] values) {
    OnnxMl.TensorProto.Builder tensor =
        OnnxMl.TensorProto.newBuilder()
            .setName(name)
            .setDataType(OnnxMl.TensorProto.DataType.INT64.getNumber())
            .addDims(values.length);
    LongStream.of(values).forEach(tensor::addInt64Data);
    graph.addInitializer(tensor);
    return name;
  }

  /** Puts the given values in place of {@code NaN} in the input; returns the name of the result. */
  public String imputed(float[] values) {
    String output = "imputed";
    node(
        ML,
        "Imputer",
        List.of(INPUT),
        List.of(output),
        floats("imputed_value_floats", values),
        attribute("replaced_value_float", Float.NaN));
    return output;
  }

  /** Turns probabilities, whose tensor must be named so, into the output {@code label}. */
  public void labelled(List<String> classes) {
    node(
        "",
        "ArgMax",
        List.of("probabilities"),
        List.of("label_index"),
        attribute("axis", 1),
        attribute("keepdims", 0));
    long[] indexes = LongStream.range(0, classes.size()).toArray();
    OnnxMl.AttributeProto names =
        integerLabels(classes)
            ? longs("values_int64s", classes.stream().mapToLong(Long::parseLong).toArray())
            : strings("values_strings", classes);
    node(
        ML,
        "LabelEncoder",
        List.of("label_index"),
        List.of("label"),
        longs("keys_int64s", indexes),
        names);
  }

  /** Whether labels are whole numbers, which ONNX then keeps as int64 instead of text. */
  public static boolean integerLabels(List<String> classes) {
    return classes.stream().allMatch(c -> c.matches("-?\\d{1,18}"));
  }

  /** Declares the outputs of a classifier and gives the file's bytes. */
  public byte[] classifier(List<String> classes) {
    graph.addOutput(
        value(
            "label",
            integerLabels(classes)
                ? OnnxMl.TensorProto.DataType.INT64
                : OnnxMl.TensorProto.DataType.STRING));
    graph.addOutput(value("probabilities", OnnxMl.TensorProto.DataType.FLOAT, classes.size()));
    return bytes();
  }

  /** Declares the output of a regressor and gives the file's bytes. */
  public byte[] regressor() {
    graph.addOutput(value("prediction", OnnxMl.TensorProto.DataType.FLOAT, 1));
    return bytes();
  }

  public static OnnxMl.AttributeProto attribute(String name, long value) {
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  public static OnnxMl.AttributeProto attribute(String name, float value) {
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  public static OnnxMl.AttributeProto attribute(String name, String value) {
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  public static OnnxMl.AttributeProto floats(String name, float[] values) {
    OnnxMl.AttributeProto.Builder attribute =
        OnnxMl.AttributeProto.newBuilder()
            .setName(name)
            .setType(OnnxMl.AttributeProto.AttributeType.FLOATS);
    IntStream.range(0, values.length).forEach(i -> attribute.addFloats(values[i]));
    return attribute.build();
  }

  public static OnnxMl.AttributeProto longs(String name, long[] values) {
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.INTS)
        .addAllInts(LongStream.of(values).boxed().toList())
        .build();
  }

  public static OnnxMl.AttributeProto strings(String name, List<String> values) {
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.STRINGS)
        .addAllStrings(values.stream().map(ByteString::copyFromUtf8).toList())
        .build();
  }

  private byte[] bytes() {
    return OnnxMl.ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("millrace")
        .setProducerVersion(
            Objects.requireNonNullElse(
                OnnxGraphBuilder.class.getPackage().getImplementationVersion(), "0"))
        .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setDomain(ML).setVersion(ML_OPSET))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static OnnxMl.ValueInfoProto value(
      String name, OnnxMl.TensorProto.DataType type, long... columns) {
    OnnxMl.TensorShapeProto.Builder shape =
        OnnxMl.TensorShapeProto.newBuilder()
            .addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam("n"));
    LongStream.of(columns)
        .forEach(c -> shape.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(c)));
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            OnnxMl.TypeProto.newBuilder()
                .setTensorType(
                    OnnxMl.TypeProto.Tensor.newBuilder()
                        .setElemType(type.getNumber())
                        .setShape(shape)))
        .build();
  }
}
