package io.millrace.modelpackage;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.PackageException.Code;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Runs the ONNX graph of a package. For use by any number of threads: each call computes on its own
 * thread, with one runtime thread. {@link #close()} waits for running calls; later ones are
 * refused.
 */
public final class OnnxScorer implements AutoCloseable {
  private final Signature signature;
  private final OrtSession session;
  private final String input;
  private final String output;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private OnnxScorer(Path model, Signature signature) throws OrtException {
    this.signature = signature;
    OrtEnvironment environment = OnnxRuntime.environment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      this.session = environment.createSession(model.toString(), options);
    }
    try {
      this.input = input();
      this.output = output();
    } catch (OrtException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /**
   * Loads the graph of a verified package.
   *
   * @throws PackageException {@code UNREADABLE} where the runtime refuses the graph, {@code
   *     UNSUPPORTED} where its inputs or outputs do not fit the signature
   */
  public static OnnxScorer open(ModelPackage modelPackage) {
    return open(modelPackage.model(), modelPackage.signature());
  }

  /** Loads a graph that is not (yet) part of a package. */
  public static OnnxScorer open(Path model, Signature signature) {
    try {
      return new OnnxScorer(model, signature);
    } catch (OrtException e) {
      throw new PackageException(
          Code.UNREADABLE,
          "ONNX Runtime cannot load " + model.getFileName() + ": " + e.getMessage(),
          e);
    }
  }

  public Signature signature() {
    return signature;
  }

  /**
   * Scores rows of encoded features, see {@link Signature}.
   *
   * @param rowsMajor {@code rows * signature().width()} floats, row after row; {@code NaN} is
   *     missing
   * @param rows 0 or more
   * @throws IllegalStateException after {@link #close()}
   */
  public Scores score(float[] rowsMajor, int rows) {
    int width = signature.width();
    if (rowsMajor.length != rows * width) {
      throw new IllegalArgumentException(
          "%d rows of %d features need %d values, not %d"
              .formatted(rows, width, rows * width, rowsMajor.length));
    }
    int columns = signature.task() == Task.CLASSIFICATION ? signature.classes().size() : 1;
    float[] values = new float[rows * columns];
    if (rows == 0) {
      return new Scores(signature.classes(), 0, values);
    }
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the scorer is closed");
      }
      try (OnnxTensor tensor =
              OnnxTensor.createTensor(
                  OnnxRuntime.environment(),
                  FloatBuffer.wrap(rowsMajor),
                  new long[] {rows, width});
          OrtSession.Result result = session.run(Map.of(input, tensor), Set.of(output))) {
        FloatBuffer answers = ((OnnxTensor) result.get(0)).getFloatBuffer();
        if (answers.remaining() != values.length) {
          throw new PackageException(
              Code.UNSUPPORTED,
              "the output '%s' has %d values for %d rows, expected %d"
                  .formatted(output, answers.remaining(), rows, values.length));
        }
        answers.get(values);
      }
      return new Scores(signature.classes(), rows, values);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e.getMessage(), e);
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Runs one row of missing values and one of ones, so that the first real call is not the slow
   * one.
   */
  public void warmUp() {
    float[] rows = new float[2 * signature.width()];
    java.util.Arrays.fill(rows, 0, signature.width(), Float.NaN);
    java.util.Arrays.fill(rows, signature.width(), rows.length, 1f);
    for (int i = 0; i < 3; i++) {
      score(rows, 2);
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot free the model: " + e.getMessage(), e);
    } finally {
      lock.writeLock().unlock();
    }
  }

  private String input() throws OrtException {
    Map<String, NodeInfo> inputs = session.getInputInfo();
    if (inputs.size() == 1) {
      NodeInfo only = inputs.values().iterator().next();
      if (only.getInfo() instanceof TensorInfo tensor
          && tensor.type == OnnxJavaType.FLOAT
          && tensor.getShape().length == 2
          && (tensor.getShape()[1] < 0 || tensor.getShape()[1] == signature.width())) {
        return only.getName();
      }
    }
    throw new PackageException(
        Code.UNSUPPORTED,
        "the graph must have one float input of shape [rows, %d]; it has %s"
            .formatted(signature.width(), inputs));
  }

  private String output() throws OrtException {
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    String wanted = signature.task() == Task.CLASSIFICATION ? "probabilities" : "prediction";
    NodeInfo node = outputs.get(wanted);
    if (node != null
        && node.getInfo() instanceof TensorInfo tensor
        && tensor.type == OnnxJavaType.FLOAT) {
      return wanted;
    }
    throw new PackageException(
        Code.UNSUPPORTED,
        "a graph for %s must have a float output '%s'; it has %s"
            .formatted(signature.task().key(), wanted, outputs));
  }
}
