package io.millrace.trainers.forest;

import ai.onnx.proto.OnnxMl;
import io.millrace.trainers.onnx.OnnxGraphBuilder;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import smile.model.cart.InternalNode;
import smile.model.cart.LeafNode;
import smile.model.cart.Node;
import smile.model.cart.NominalNode;
import smile.model.cart.OrdinalNode;

/**
 * The parallel arrays in which ONNX holds a tree ensemble.
 *
 * <p>Smile compares doubles; ONNX Runtime compares 32-bit floats. The trees were grown on values
 * that are floats already, and for a float x and any double t, {@code x <= t} holds exactly when
 * {@code x <= t rounded down to a float}: so both take the same branch everywhere.
 */
final class TreeTables {
  private static final VarHandle ORDINAL_VALUE = value(OrdinalNode.class, double.class);
  private static final VarHandle NOMINAL_VALUE = value(NominalNode.class, int.class);

  private final Numbers treeIds = new Numbers();
  private final Numbers nodeIds = new Numbers();
  private final Numbers features = new Numbers();
  private final Numbers trueIds = new Numbers();
  private final Numbers falseIds = new Numbers();
  private final List<String> modes = new ArrayList<>();
  private final Floats values = new Floats();
  private final Numbers leafTrees = new Numbers();
  private final Numbers leafNodes = new Numbers();
  private final Numbers leafIds = new Numbers();
  private final Floats leafWeights = new Floats();

  /** What a leaf adds to each class or target. */
  interface LeafWeights {
    float[] of(LeafNode leaf);
  }

  void add(int tree, Node root, LeafWeights weights) {
    int[] next = {0};
    add(tree, root, weights, next);
  }

  private int add(int tree, Node node, LeafWeights weights, int[] next) {
    int id = next[0]++;
    treeIds.add(tree);
    nodeIds.add(id);
    switch (node) {
      case InternalNode inner -> {
        features.add(inner.feature());
        if (inner instanceof NominalNode) {
          modes.add("BRANCH_EQ");
          values.add((int) NOMINAL_VALUE.get(inner));
        } else {
          modes.add("BRANCH_LEQ");
          values.add(roundedDown((double) ORDINAL_VALUE.get(inner)));
        }
        int at = trueIds.add(0);
        falseIds.add(0);
        trueIds.set(at, add(tree, inner.trueChild(), weights, next));
        falseIds.set(at, add(tree, inner.falseChild(), weights, next));
      }
      case LeafNode leaf -> {
        features.add(0);
        modes.add("LEAF");
        values.add(0);
        trueIds.add(0);
        falseIds.add(0);
        float[] leafValues = weights.of(leaf);
        for (int i = 0; i < leafValues.length; i++) {
          leafTrees.add(tree);
          leafNodes.add(id);
          leafIds.add(i);
          leafWeights.add(leafValues[i]);
        }
      }
      default ->
          throw new IllegalStateException("Smile has a new kind of node: " + node.getClass());
    }
    return id;
  }

  /**
   * The node attributes, and the leaf attributes under the prefix of the operator.
   *
   * @param prefix {@code class} or {@code target}
   */
  List<OnnxMl.AttributeProto> attributes(String prefix) {
    return List.of(
        OnnxGraphBuilder.longs("nodes_treeids", treeIds.values()),
        OnnxGraphBuilder.longs("nodes_nodeids", nodeIds.values()),
        OnnxGraphBuilder.longs("nodes_featureids", features.values()),
        OnnxGraphBuilder.strings("nodes_modes", modes),
        OnnxGraphBuilder.floats("nodes_values", values.values()),
        OnnxGraphBuilder.longs("nodes_truenodeids", trueIds.values()),
        OnnxGraphBuilder.longs("nodes_falsenodeids", falseIds.values()),
        OnnxGraphBuilder.longs(prefix + "_treeids", leafTrees.values()),
        OnnxGraphBuilder.longs(prefix + "_nodeids", leafNodes.values()),
        OnnxGraphBuilder.longs(prefix + "_ids", leafIds.values()),
        OnnxGraphBuilder.floats(prefix + "_weights", leafWeights.values()));
  }

  static float roundedDown(double threshold) {
    float nearest = (float) threshold;
    return nearest > threshold ? Math.nextDown(nearest) : nearest;
  }

  /** Smile shows thresholds only as text; the fields have them whole. */
  private static VarHandle value(Class<?> node, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(node, MethodHandles.lookup())
          .findVarHandle(node, "value", type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final class Numbers {
    private long[] values = new long[256];
    private int size;

    int add(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size] = value;
      return size++;
    }

    void set(int at, long value) {
      values[at] = value;
    }

    long[] values() {
      return Arrays.copyOf(values, size);
    }
  }

  private static final class Floats {
    private float[] values = new float[256];
    private int size;

    void add(float value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    float[] values() {
      return Arrays.copyOf(values, size);
    }
  }
}
