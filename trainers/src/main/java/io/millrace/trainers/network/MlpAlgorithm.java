package io.millrace.trainers.network;

import io.millrace.datasets.Task;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.Algorithm;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Params;
import io.millrace.trainers.Progress;
import io.millrace.trainers.TrainedModel;
import io.millrace.trainers.ValidationMetrics;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * {@code dl4j/mlp}: a multilayer perceptron by Deeplearning4j with rectified hidden layers, trained
 * by Adam on cross-entropy (classes) or squared error (quantities), the inputs standardised inside
 * the graph.
 *
 * <p>Parameters: {@code hidden} 1 to 8 layer sizes, 1 to 4096 each ([64, 32]); {@code epochs} at
 * most, 1 to 10 000 (100); {@code batch-size} 1 to 100 000 (32); {@code learning-rate} above 0 to 1
 * (0.001); {@code l2} 0 to 1 (0.0001); {@code patience} epochs without a better validation loss
 * before training stops, 0 to 10 000 (15; 0 never stops early).
 *
 * <p>The parameters of the best epoch are kept. The same seed gives the same parameters on the same
 * processor.
 */
public final class MlpAlgorithm implements Algorithm {
  private final List<Integer> hidden;
  private final int epochs;
  private final int batchSize;
  private final double learningRate;
  private final double l2;
  private final int patience;
  private final Map<String, Object> params;

  public MlpAlgorithm(Params params) {
    this.hidden = params.integers("hidden", List.of(64, 32), 1, 4096, 8);
    this.epochs = params.integer("epochs", 100, 1, 10_000);
    this.batchSize = params.integer("batch-size", 32, 1, 100_000);
    this.learningRate = params.decimal("learning-rate", 0.001, 0, 1, true);
    this.l2 = params.decimal("l2", 0.0001, 0, 1, false);
    this.patience = params.integer("patience", 15, 0, 10_000);
    this.params = params.checked();
  }

  @Override
  public Map<String, Object> params() {
    return params;
  }

  @Override
  public TrainedModel train(Examples examples, long seed, Progress progress) {
    Signature signature = examples.signature();
    Examples.Rows train = examples.train();
    Inputs inputs = new Inputs(signature, train);
    float[] scale = targetScale(signature, train.targets());
    MultiLayerNetwork network = network(signature, inputs.width(), seed);
    Perceptron perceptron = new Perceptron(signature, inputs, network, scale[0], scale[1]);

    float[][] x = inputs.of(train.features(), train.count());
    float[][] y = targets(signature, train.targets(), scale);
    INDArray validation =
        Nd4j.create(inputs.of(examples.validation().features(), examples.validation().count()));
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[train.count()];
    Arrays.setAll(order, i -> i);

    INDArray best = network.params().dup();
    double bestLoss = Double.POSITIVE_INFINITY;
    int bestEpoch = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
      shuffle(order, random);
      double loss = epoch(network, x, y, order);
      Map<String, Double> metrics =
          ValidationMetrics.ofStep(
              signature,
              perceptron.answers(network.output(validation, false)),
              examples.validation().targets());
      double validationLoss =
          metrics.getOrDefault(
              "validation.log_loss", metrics.getOrDefault("validation.rmse", Double.NaN));
      metrics.put("train.loss", loss);
      progress.step("epoch", epoch, epochs, metrics);
      if (validationLoss < bestLoss) {
        bestLoss = validationLoss;
        bestEpoch = epoch;
        best.assign(network.params());
      } else if (patience > 0 && epoch - bestEpoch >= patience) {
        break;
      }
    }
    network.setParams(best);
    return perceptron;
  }

  private double epoch(MultiLayerNetwork network, float[][] x, float[][] y, int[] order) {
    double loss = 0;
    for (int start = 0; start < order.length; start += batchSize) {
      int end = Math.min(order.length, start + batchSize);
      float[][] bx = new float[end - start][];
      float[][] by = new float[end - start][];
      for (int i = start; i < end; i++) {
        bx[i - start] = x[order[i]];
        by[i - start] = y[order[i]];
      }
      try (INDArray features = Nd4j.create(bx);
          INDArray labels = Nd4j.create(by)) {
        network.fit(features, labels);
        loss += network.score() * (end - start);
      }
    }
    return loss / order.length;
  }

  private MultiLayerNetwork network(Signature signature, int inputs, long seed) {
    boolean classification = signature.task() == Task.CLASSIFICATION;
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            .weightInit(WeightInit.XAVIER)
            .updater(new Adam(learningRate))
            .l2(l2)
            .list();
    int width = inputs;
    for (int size : hidden) {
      layers.layer(
          new DenseLayer.Builder().nIn(width).nOut(size).activation(Activation.RELU).build());
      width = size;
    }
    layers.layer(
        new OutputLayer.Builder(
                classification ? LossFunctions.LossFunction.MCXENT : LossFunctions.LossFunction.MSE)
            .nIn(width)
            .nOut(classification ? signature.classes().size() : 1)
            .activation(classification ? Activation.SOFTMAX : Activation.IDENTITY)
            .build());
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    return network;
  }

  private static float[] targetScale(Signature signature, double[] targets) {
    if (signature.task() == Task.CLASSIFICATION) {
      return new float[] {0, 1};
    }
    double mean = Arrays.stream(targets).average().orElse(0);
    double variance = Arrays.stream(targets).map(t -> (t - mean) * (t - mean)).average().orElse(0);
    return new float[] {(float) mean, variance > 0 ? (float) Math.sqrt(variance) : 1};
  }

  private static float[][] targets(Signature signature, double[] targets, float[] scale) {
    float[][] rows = new float[targets.length][];
    for (int i = 0; i < targets.length; i++) {
      if (signature.task() == Task.CLASSIFICATION) {
        rows[i] = new float[signature.classes().size()];
        rows[i][(int) targets[i]] = 1;
      } else {
        rows[i] = new float[] {(float) ((targets[i] - scale[0]) / scale[1])};
      }
    }
    return rows;
  }

  private static void shuffle(int[] order, SplittableRandom random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
  }
}
