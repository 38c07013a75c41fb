package io.millrace.trainers;

import io.millrace.datasets.Part;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dataset as a trainer wants it: encoded features as the model will get them in service (32-bit
 * floats, {@code NaN} is missing) and targets.
 *
 * @param signature how rows are encoded
 * @param train the rows to learn from
 * @param validation the rows to judge by
 */
public record Examples(Signature signature, Rows train, Rows validation) {

  /**
   * Some rows.
   *
   * @param features {@code count * signature.width()} floats, row after row
   * @param targets the class index, or the quantity, per row
   */
  @SuppressWarnings("ArrayRecordComponent") // A matrix, never compared.
  public record Rows(float[] features, double[] targets) {
    public int count() {
      return targets.length;
    }
  }

  static Examples of(Table table, String target, Split.Assignment parts) {
    Task task = table.schema().task(target);
    List<Feature> features =
        table.schema().features(target).stream()
            .filter(c -> c.distinct() > 0)
            .map(Feature::of)
            .toList();
    if (features.isEmpty()) {
      throw new RunFailure(
          RunFailure.Reason.INVALID_DATA, "the dataset has no column that can be a feature");
    }
    List<String> classes = task == Task.CLASSIFICATION ? table.classes(target) : List.of();
    Signature signature = new Signature(task, features, classes);
    Examples examples =
        new Examples(
            signature,
            rows(table, target, signature, parts.rows(Part.TRAIN)),
            rows(table, target, signature, parts.rows(Part.VALIDATION)));
    examples.requireUsable();
    return examples;
  }

  private static Rows rows(Table table, String target, Signature signature, int[] rows) {
    double[] targets;
    if (signature.task() == Task.CLASSIFICATION) {
      int[] codes = table.classCodes(target);
      targets = Arrays.stream(rows).mapToDouble(row -> codes[row]).toArray();
    } else {
      double[] numbers = table.numbers(target);
      targets = Arrays.stream(rows).mapToDouble(row -> numbers[row]).toArray();
    }
    return new Rows(signature.encode(table, rows), targets);
  }

  /** Holds also where data checks are off: without these no trainer can work. */
  private void requireUsable() {
    String fault = fault();
    if (fault != null) {
      throw new RunFailure(RunFailure.Reason.INVALID_DATA, fault);
    }
  }

  private @Nullable String fault() {
    if (train.count() < 2 || validation.count() < 1) {
      return "the split leaves %d training and %d validation rows; at least 2 and 1 are needed"
          .formatted(train.count(), validation.count());
    }
    if (signature.task() == Task.CLASSIFICATION) {
      int classes = signature.classes().size();
      long present = Arrays.stream(train.targets()).distinct().count();
      if (classes < 2 || present < classes) {
        return "the training rows have %d of %d classes; every class, and at least 2, must be there"
            .formatted(present, classes);
      }
    } else if (Arrays.stream(train.targets()).anyMatch(Double::isInfinite)) {
      return "the target has infinite values; remove those rows";
    }
    return null;
  }
}
