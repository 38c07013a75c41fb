package io.millrace.trainers.forest;

import ai.onnx.proto.OnnxMl;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Imputation;
import io.millrace.trainers.ValidationMetrics;
import io.millrace.trainers.onnx.OnnxGraphBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import smile.classification.RandomForest;
import smile.data.DataFrame;
import smile.data.Tuple;
import smile.model.cart.DecisionNode;
import smile.model.cart.SplitRule;

/**
 * A forest for classes. Its probabilities are the means of the trees', each tree weighted by its
 * out-of-bag accuracy, as Smile has it.
 */
final class ClassForest implements RandomForestAlgorithm.Ensemble {
  private static final double SMALLEST_WEIGHT = 1e-6;

  private final Signature signature;
  private final int classes;
  private final Imputation imputation;
  private final DataFrame validation;
  private final double[] targets;
  private final double[] sums;
  private double weight;
  private final List<RandomForest.Model> models = new ArrayList<>();

  ClassForest(Examples examples, Imputation imputation, DataFrame validation) {
    this.signature = examples.signature();
    this.classes = signature.classes().size();
    this.imputation = imputation;
    this.validation = validation;
    this.targets = examples.validation().targets();
    this.sums = new double[targets.length * classes];
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
                SplitRule.GINI,
                growth.maxDepth(),
                growth.maxNodes(),
                growth.minNodeSize(),
                growth.subsample(),
                null,
                growth.seeds(),
                null));
    List<Map<String, Double>> metrics = new ArrayList<>();
    for (RandomForest.Model model : chunk.models()) {
      models.add(model);
      add(model, validation, sums);
      weight += weightOf(model);
      double[] probabilities = scaled(sums, weight);
      metrics.add(ValidationMetrics.ofStep(signature, probabilities, targets));
    }
    return metrics;
  }

  @Override
  public double[] predict(float[] rowsMajor, int rows) {
    DataFrame frame = RandomForestAlgorithm.frame(signature, imputation.apply(rowsMajor));
    double[] probabilities = new double[rows * classes];
    models.forEach(model -> add(model, frame, probabilities));
    return scaled(probabilities, weight);
  }

  @Override
  public byte[] onnx() {
    TreeTables trees = new TreeTables();
    double[] posteriori = new double[classes];
    for (int t = 0; t < models.size(); t++) {
      double share = weightOf(models.get(t)) / weight;
      trees.add(
          t,
          models.get(t).tree().root(),
          leaf -> {
            ((DecisionNode) leaf).posteriori(posteriori);
            float[] weights = new float[classes];
            for (int c = 0; c < classes; c++) {
              weights[c] = (float) (share * posteriori[c]);
            }
            return weights;
          });
    }
    OnnxGraphBuilder graph = new OnnxGraphBuilder("random-forest", signature.width());
    String input = graph.imputed(imputation.values());
    List<OnnxMl.AttributeProto> attributes = new ArrayList<>(trees.attributes("class"));
    attributes.add(OnnxGraphBuilder.attribute("post_transform", "NONE"));
    attributes.add(
        OnnxGraphBuilder.integerLabels(signature.classes())
            ? OnnxGraphBuilder.longs(
                "classlabels_int64s",
                signature.classes().stream().mapToLong(Long::parseLong).toArray())
            : OnnxGraphBuilder.strings("classlabels_strings", signature.classes()));
    // With two classes and only positive weights ONNX Runtime labels every row with the second
    // class,
    // so the label comes from the probabilities instead.
    graph.node(
        OnnxGraphBuilder.ML,
        "TreeEnsembleClassifier",
        List.of(input),
        List.of("tree_label", "probabilities"),
        attributes.toArray(OnnxMl.AttributeProto[]::new));
    graph.labelled(signature.classes());
    return graph.classifier(signature.classes());
  }

  private void add(RandomForest.Model model, DataFrame frame, double[] into) {
    double[] posteriori = new double[classes];
    for (int row = 0; row < frame.nrow(); row++) {
      Tuple tuple = frame.get(row);
      model.tree().predict(tuple, posteriori);
      for (int c = 0; c < classes; c++) {
        into[row * classes + c] += weightOf(model) * posteriori[c];
      }
    }
  }

  /** A tree without a single right answer, or without out-of-bag rows, must not undo the others. */
  private static double weightOf(RandomForest.Model model) {
    return model.weight() > SMALLEST_WEIGHT ? model.weight() : SMALLEST_WEIGHT;
  }

  private static double[] scaled(double[] sums, double weight) {
    double[] probabilities = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      probabilities[i] = sums[i] / weight;
    }
    return probabilities;
  }
}
