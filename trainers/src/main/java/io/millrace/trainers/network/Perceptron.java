package io.millrace.trainers.network;

import io.millrace.datasets.Task;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.TrainedModel;
import io.millrace.trainers.onnx.OnnxGraphBuilder;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A trained network with what goes before and after it. */
final class Perceptron implements TrainedModel {
  private final Signature signature;
  private final Inputs inputs;
  private final MultiLayerNetwork network;
  private final float targetMean;
  private final float targetDeviation;

  /** For classes the target is not scaled: mean 0, deviation 1. */
  Perceptron(
      Signature signature,
      Inputs inputs,
      MultiLayerNetwork network,
      float targetMean,
      float targetDeviation) {
    this.signature = signature;
    this.inputs = inputs;
    this.network = network;
    this.targetMean = targetMean;
    this.targetDeviation = targetDeviation;
  }

  @Override
  public double[] predict(float[] rowsMajor, int rows) {
    try (INDArray matrix = Nd4j.create(inputs.of(rowsMajor, rows))) {
      return answers(network.output(matrix, false));
    }
  }

  double[] answers(INDArray output) {
    double[] values = output.dup('c').data().asDouble();
    if (signature.task() == Task.REGRESSION) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) values[i] * targetDeviation + targetMean;
      }
    }
    return values;
  }

  @Override
  public byte[] onnx() {
    OnnxGraphBuilder graph = new OnnxGraphBuilder("mlp", signature.width());
    String x = inputs.addTo(graph);
    int layers = network.getnLayers();
    for (int layer = 0; layer < layers; layer++) {
      INDArray weights = network.getLayer(layer).getParam("W");
      INDArray bias = network.getLayer(layer).getParam("b");
      String w =
          graph.constant(
              "weights_" + layer,
              weights.dup('c').data().asFloat(),
              weights.size(0),
              weights.size(1));
      String b = graph.constant("bias_" + layer, bias.dup('c').data().asFloat(), bias.length());
      x = graph.node("Gemm", List.of(x, w, b));
      if (layer < layers - 1) {
        x = graph.node("Relu", List.of(x));
      }
    }
    if (signature.task() == Task.CLASSIFICATION) {
      graph.node(
          "",
          "Softmax",
          List.of(x),
          List.of("probabilities"),
          OnnxGraphBuilder.attribute("axis", 1));
      graph.labelled(signature.classes());
      return graph.classifier(signature.classes());
    }
    String scaled =
        graph.node(
            "Mul",
            List.of(x, graph.constant("target_deviation", new float[] {targetDeviation}, 1)));
    graph.node(
        "",
        "Add",
        List.of(scaled, graph.constant("target_mean", new float[] {targetMean}, 1)),
        List.of("prediction"));
    return graph.regressor();
  }
}
