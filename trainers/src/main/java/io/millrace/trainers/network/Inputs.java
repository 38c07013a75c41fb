package io.millrace.trainers.network;

import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Imputation;
import io.millrace.trainers.onnx.OnnxGraphBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * How encoded features become the inputs of a network: missing values filled, numbers standardised
 * with the mean and standard deviation of the training rows, each category a column of its own.
 * Computed in Java for training and in the graph for serving, by the same 32-bit operations.
 */
final class Inputs {
  private final Signature signature;
  private final Imputation imputation;
  private final List<Integer> numbers = new ArrayList<>();
  private final List<Integer> categories = new ArrayList<>();
  private final float[] means;
  private final float[] deviations;
  private final int width;

  Inputs(Signature signature, Examples.Rows train) {
    this.signature = signature;
    this.imputation = Imputation.of(signature, train);
    int expanded = 0;
    for (int f = 0; f < signature.width(); f++) {
      Feature feature = signature.features().get(f);
      (feature.kind().isNumber() ? numbers : categories).add(f);
      expanded += feature.kind().isNumber() ? 1 : feature.categories().size();
    }
    this.width = expanded;
    this.means = new float[numbers.size()];
    this.deviations = new float[numbers.size()];
    float[] filled = imputation.apply(train.features());
    for (int i = 0; i < numbers.size(); i++) {
      standardise(filled, i, train.count());
    }
  }

  /** Columns the network sees. */
  int width() {
    return width;
  }

  /** The inputs of the network, a row per row. */
  float[][] of(float[] features, int rows) {
    float[] filled = imputation.apply(features);
    float[][] inputs = new float[rows][width];
    for (int r = 0; r < rows; r++) {
      int start = r * signature.width();
      int at = 0;
      for (int i = 0; i < numbers.size(); i++) {
        inputs[r][at++] = (filled[start + numbers.get(i)] - means[i]) / deviations[i];
      }
      for (int feature : categories) {
        int levels = signature.features().get(feature).categories().size();
        int code = (int) filled[start + feature];
        if (code < levels) {
          inputs[r][at + code] = 1;
        }
        at += levels;
      }
    }
    return inputs;
  }

  /** Adds the same computation to a graph and returns the name of its result. */
  String addTo(OnnxGraphBuilder graph) {
    String filled = graph.imputed(imputation.values());
    List<String> parts = new ArrayList<>();
    if (!numbers.isEmpty()) {
      String picked =
          categories.isEmpty()
              ? filled
              : gather(
                  graph, filled, "number_columns", numbers.stream().mapToLong(i -> i).toArray());
      String centred =
          graph.node("Sub", List.of(picked, graph.constant("means", means, means.length)));
      parts.add(
          graph.node(
              "Div",
              List.of(centred, graph.constant("deviations", deviations, deviations.length))));
    }
    for (int feature : categories) {
      int levels = signature.features().get(feature).categories().size();
      float[] codes = new float[levels];
      for (int c = 0; c < levels; c++) {
        codes[c] = c;
      }
      String column = gather(graph, filled, "column_" + feature, new long[] {feature});
      String equal =
          graph.node("Equal", List.of(column, graph.constant("codes_" + feature, codes, levels)));
      parts.add(
          graph.node(
              "Cast",
              List.of(equal),
              OnnxGraphBuilder.attribute(
                  "to", ai.onnx.proto.OnnxMl.TensorProto.DataType.FLOAT.getNumber())));
    }
    return parts.size() == 1
        ? parts.getFirst()
        : graph.node("Concat", parts, OnnxGraphBuilder.attribute("axis", 1));
  }

  private static String gather(OnnxGraphBuilder graph, String from, String name, long[] columns) {
    return graph.node(
        "Gather",
        List.of(from, graph.constant(name, columns)),
        OnnxGraphBuilder.attribute("axis", 1));
  }

  private void standardise(float[] filled, int number, int rows) {
    int column = numbers.get(number);
    double sum = 0;
    for (int r = 0; r < rows; r++) {
      sum += filled[r * signature.width() + column];
    }
    double mean = sum / rows;
    double squares = 0;
    for (int r = 0; r < rows; r++) {
      double delta = filled[r * signature.width() + column] - mean;
      squares += delta * delta;
    }
    double deviation = Math.sqrt(squares / rows);
    means[number] = (float) mean;
    // A constant column becomes 0 and stays harmless when it moves.
    deviations[number] = deviation > 1e-7 * Math.max(1, Math.abs(mean)) ? (float) deviation : 1;
  }
}
