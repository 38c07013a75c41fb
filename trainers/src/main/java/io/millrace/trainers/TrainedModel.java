package io.millrace.trainers;

/** A model in the form its library has it, and its ONNX form. */
public interface TrainedModel {

  /**
   * What the library itself answers.
   *
   * @param rowsMajor encoded features, row after row
   * @return a row of class probabilities per row, or one value per row for regression
   */
  double[] predict(float[] rowsMajor, int rows);

  /**
   * The ONNX graph: see {@link io.millrace.modelpackage.ModelPackage} for its inputs and outputs.
   */
  byte[] onnx();
}
