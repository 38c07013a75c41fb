package io.millrace.trainers.forest;

import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import io.millrace.trainers.Algorithm;
import io.millrace.trainers.Examples;
import io.millrace.trainers.Imputation;
import io.millrace.trainers.Params;
import io.millrace.trainers.Progress;
import io.millrace.trainers.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import smile.data.DataFrame;
import smile.data.formula.Formula;
import smile.data.measure.NominalScale;
import smile.data.type.DataTypes;
import smile.data.type.StructField;
import smile.data.vector.DoubleVector;
import smile.data.vector.IntVector;
import smile.data.vector.ValueVector;

/**
 * {@code smile/random-forest}: bagged decision trees (Breiman 2001) by Smile, for classes and for
 * quantities.
 *
 * <p>Parameters: {@code trees} 1 to 10 000 (200); {@code max-depth} 1 to 100 (20); {@code
 * min-node-size} the smallest number of rows in a leaf, 1 to 10 000 (1 for classes, 5 for
 * quantities); {@code max-features} columns tried per split, 0 to 100 000 (0: the square root of
 * their number for classes, a third for quantities); {@code subsample} share of the rows per tree,
 * above 0 to 1 (1: as many as there are, drawn with replacement).
 *
 * <p>Each tree has its own seed, so the forest does not depend on the number of threads.
 */
public final class RandomForestAlgorithm implements Algorithm {
  private static final String TARGET = " target";
  private static final int CHUNKS = 20;
  private static final int SMALLEST_CHUNK = 4;

  private final int trees;
  private final int maxDepth;
  private final int minNodeSize;
  private final int maxFeatures;
  private final double subsample;
  private final Map<String, Object> params;

  public RandomForestAlgorithm(Params params, Task task) {
    this.trees = params.integer("trees", 200, 1, 10_000);
    this.maxDepth = params.integer("max-depth", 20, 1, 100);
    this.minNodeSize =
        params.integer("min-node-size", task == Task.CLASSIFICATION ? 1 : 5, 1, 10_000);
    this.maxFeatures = params.integer("max-features", 0, 0, 100_000);
    this.subsample = params.decimal("subsample", 1, 0, 1, true);
    this.params = params.checked();
  }

  @Override
  public Map<String, Object> params() {
    return params;
  }

  @Override
  public TrainedModel train(Examples examples, long seed, Progress progress) {
    Imputation imputation = Imputation.of(examples.signature(), examples.train());
    DataFrame train =
        withTarget(
            frame(examples.signature(), imputation.apply(examples.train().features())), examples);
    DataFrame validation =
        frame(examples.signature(), imputation.apply(examples.validation().features()));
    SplittableRandom seeds = new SplittableRandom(seed);
    Ensemble ensemble =
        examples.signature().task() == Task.CLASSIFICATION
            ? new ClassForest(examples, imputation, validation)
            : new ValueForest(examples, imputation, validation);
    int chunk = Math.max(SMALLEST_CHUNK, (trees + CHUNKS - 1) / CHUNKS);
    for (int done = 0; done < trees; done += chunk) {
      long[] chunkSeeds = new long[Math.min(chunk, trees - done)];
      for (int i = 0; i < chunkSeeds.length; i++) {
        chunkSeeds[i] = seeds.nextLong();
      }
      List<Map<String, Double>> perTree = ensemble.grow(new Growth(this, train, chunkSeeds));
      for (int i = 0; i < perTree.size(); i++) {
        progress.step("tree", done + i + 1, trees, perTree.get(i));
      }
    }
    return ensemble;
  }

  /** The settings of one chunk of trees. */
  record Growth(RandomForestAlgorithm settings, DataFrame train, long[] seeds) {
    int trees() {
      return seeds.length;
    }

    int maxFeatures() {
      return Math.min(settings.maxFeatures, train.ncol() - 1);
    }

    int maxDepth() {
      return settings.maxDepth;
    }

    /** No limit besides depth and node size. */
    int maxNodes() {
      return Math.max(2, train.nrow());
    }

    int minNodeSize() {
      return settings.minNodeSize;
    }

    double subsample() {
      return settings.subsample;
    }
  }

  /** A forest that grows chunk by chunk. */
  interface Ensemble extends TrainedModel {
    /** Adds trees and returns the validation metrics after each. */
    List<Map<String, Double>> grow(Growth growth);
  }

  static Formula formula() {
    return Formula.lhs(TARGET);
  }

  static DataFrame frame(Signature signature, float[] features) {
    int width = signature.width();
    int rows = features.length / width;
    List<ValueVector> columns = new ArrayList<>();
    for (int f = 0; f < width; f++) {
      int column = f;
      Feature feature = signature.features().get(f);
      String name = "f" + f;
      if (feature.kind().isNumber()) {
        columns.add(
            new DoubleVector(
                name,
                IntStream.range(0, rows).mapToDouble(r -> features[r * width + column]).toArray()));
      } else {
        // One level more than there are categories: missing.
        String[] levels =
            IntStream.rangeClosed(0, feature.categories().size())
                .mapToObj(Integer::toString)
                .toArray(String[]::new);
        columns.add(
            new IntVector(
                new StructField(name, DataTypes.IntType, new NominalScale(levels)),
                IntStream.range(0, rows).map(r -> (int) features[r * width + column]).toArray()));
      }
    }
    return new DataFrame(columns.toArray(ValueVector[]::new));
  }

  private static DataFrame withTarget(DataFrame train, Examples examples) {
    double[] targets = examples.train().targets();
    return train.add(
        examples.signature().task() == Task.CLASSIFICATION
            ? new IntVector(
                TARGET, IntStream.range(0, targets.length).map(i -> (int) targets[i]).toArray())
            : new DoubleVector(TARGET, targets));
  }
}
