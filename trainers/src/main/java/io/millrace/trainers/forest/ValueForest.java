package io.millrace.trainers.forest;

import ai.onnx.proto.OnnxMl;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Imputation;
import io.millrace.trainers.ValidationMetrics;
import io.millrace.trainers.onnx.OnnxGraphBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import smile.data.DataFrame;
import smile.model.cart.RegressionNode;
import smile.regression.RandomForest;

/** A forest for quantities: the mean of its trees. */
final class ValueForest implements RandomForestAlgorithm.Ensemble {
  private final Signature signature;
  private final Imputation imputation;
  private final DataFrame validation;
  private final double[] targets;
  private final double[] sums;
  private final List<RandomForest.Model> models = new ArrayList<>();

  ValueForest(Examples examples, Imputation imputation, DataFrame validation) {
    this.signature = examples.signature();
    this.imputation = imputation;
    this.validation = validation;
    this.targets = examples.validation().targets();
    this.sums = new double[targets.length];
  }

  @Override
  public List<Map<String, Double>> grow(RandomForestAlgorithm.Growth growth) {
    RandomForest chunk =
        RandomForest.fit(
            RandomForestAlgorithm.formula(),
            growth.train(),
            new RandomForest.Options(
                growth.trees(),
                growth.maxFeatures(),
                growth.maxDepth(),
                growth.maxNodes(),
                growth.minNodeSize(),
                growth.subsample(),
                growth.seeds(),
                null));
    List<Map<String, Double>> metrics = new ArrayList<>();
    for (RandomForest.Model model : chunk.models()) {
      models.add(model);
      add(model, validation, sums);
      metrics.add(ValidationMetrics.ofStep(signature, mean(sums), targets));
    }
    return metrics;
  }

  @Override
  public double[] predict(float[] rowsMajor, int rows) {
    DataFrame frame = RandomForestAlgorithm.frame(signature, imputation.apply(rowsMajor));
    double[] values = new double[rows];
    models.forEach(model -> add(model, frame, values));
    return mean(values);
  }

  @Override
  public byte[] onnx() {
    TreeTables trees = new TreeTables();
    for (int t = 0; t < models.size(); t++) {
      trees.add(
          t,
          models.get(t).tree().root(),
          leaf -> new float[] {(float) (((RegressionNode) leaf).output() / models.size())});
    }
    OnnxGraphBuilder graph = new OnnxGraphBuilder("random-forest", signature.width());
    String input = graph.imputed(imputation.values());
    List<OnnxMl.AttributeProto> attributes = new ArrayList<>(trees.attributes("target"));
    attributes.add(OnnxGraphBuilder.attribute("n_targets", 1));
    attributes.add(OnnxGraphBuilder.attribute("aggregate_function", "SUM"));
    attributes.add(OnnxGraphBuilder.attribute("post_transform", "NONE"));
    graph.node(
        OnnxGraphBuilder.ML,
        "TreeEnsembleRegressor",
        List.of(input),
        List.of("prediction"),
        attributes.toArray(OnnxMl.AttributeProto[]::new));
    return graph.regressor();
  }

  private static void add(RandomForest.Model model, DataFrame frame, double[] into) {
    for (int row = 0; row < into.length; row++) {
      into[row] += model.tree().predict(frame.get(row));
    }
  }

  private double[] mean(double[] values) {
    return Arrays.stream(values).map(v -> v / models.size()).toArray();
  }
}
