package io.millrace.trainers;

import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import java.util.Arrays;

/**
 * What stands in for missing values: the median of the training rows for numbers, and for
 * categories one code after the last, so that missing is a category of its own. The same values are
 * written into the ONNX graph.
 *
 * @param values one per feature
 */
@SuppressWarnings("ArrayRecordComponent") // A vector, never compared.
public record Imputation(float[] values) {

  /** Learns from training rows. */
  public static Imputation of(Signature signature, Examples.Rows train) {
    int width = signature.width();
    float[] values = new float[width];
    for (int f = 0; f < width; f++) {
      Feature feature = signature.features().get(f);
      values[f] =
          feature.kind().isNumber()
              ? median(train.features(), f, width)
              : feature.categories().size();
    }
    return new Imputation(values);
  }

  /** The same rows without missing values. */
  public float[] apply(float[] features) {
    float[] filled = features.clone();
    for (int i = 0; i < filled.length; i++) {
      if (Float.isNaN(filled[i])) {
        filled[i] = values[i % values.length];
      }
    }
    return filled;
  }

  private static float median(float[] features, int column, int width) {
    int rows = features.length / width;
    float[] present = new float[rows];
    int n = 0;
    for (int r = 0; r < rows; r++) {
      float value = features[r * width + column];
      if (!Float.isNaN(value)) {
        present[n++] = value;
      }
    }
    if (n == 0) {
      return 0;
    }
    Arrays.sort(present, 0, n);
    return present[n / 2];
  }
}
