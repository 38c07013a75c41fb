package io.millrace.evaluation.evaluations;

import io.millrace.datasets.Csv;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.Part;
import io.millrace.datasets.Schema;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import io.millrace.modelmetrics.ClassificationPredictions;
import io.millrace.modelmetrics.LabelledPredictions;
import io.millrace.modelmetrics.RegressionPredictions;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.PackageException;
import io.millrace.modelpackage.Scores;
import io.millrace.modelpackage.Signature;
import io.millrace.modelpackage.SignatureException;
import io.millrace.pipeline.Pipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The rows of a dataset that no model was trained on, by the pipeline's split, and the truth about
 * them. Only the columns that are needed are in memory.
 */
final class TestRows {
  /** Rows scored at once: bounds the memory beside the table. */
  private static final int BATCH = 4096;

  private final Table table;
  private final String target;
  private final Task task;
  private final int[] rows;

  private TestRows(Table table, String target, int[] rows) {
    this.table = table;
    this.target = target;
    this.task = table.schema().task(target);
    this.rows = rows;
  }

  /**
   * Reads the test rows.
   *
   * @param models whose features are needed; a feature the data lacks is found when that model is
   *     scored
   */
  static TestRows read(Path csv, Pipeline.Dataset dataset, Collection<ModelPackage> models) {
    Set<String> needed = new HashSet<>(Set.of(dataset.target()));
    for (ModelPackage model : models) {
      model.signature().features().stream().map(Feature::name).forEach(needed::add);
    }
    try {
      Schema whole = Csv.infer(csv).schema();
      whole.indexOf(dataset.target());
      Table table =
          Csv.read(
              csv,
              new Schema(whole.columns().stream().filter(c -> needed.contains(c.name())).toList()));
      Pipeline.Split split = dataset.split();
      int[] rows =
          new Split(split.train(), split.validation(), split.test(), split.stratify(), split.seed())
              .assign(table, dataset.target())
              .rows(Part.TEST);
      if (rows.length == 0) {
        throw new Unscorable(
            FailureReason.NO_TEST_ROWS,
            "The split keeps none of the %d rows of %s for testing; raise dataset.split.test."
                .formatted(table.rows(), dataset.name()));
      }
      return new TestRows(table, dataset.target(), rows);
    } catch (DatasetException e) {
      throw new Unscorable(
          FailureReason.SCHEMA_MISMATCH, "Dataset " + dataset.name() + ": " + e.getMessage());
    }
  }

  int count() {
    return rows.length;
  }

  /**
   * Scores every row.
   *
   * @throws Unscorable where the model and the data do not fit or the model does not run
   */
  LabelledPredictions score(ModelPackage model) {
    Signature signature = model.signature();
    if (signature.task() != task) {
      throw new Unscorable(
          FailureReason.SCHEMA_MISMATCH,
          "The model is a %s, but the target '%s' asks for a %s."
              .formatted(signature.task().key(), target, task.key()));
    }
    try (OnnxScorer scorer = OnnxScorer.open(model)) {
      return switch (task) {
        case CLASSIFICATION -> classes(scorer);
        case REGRESSION -> quantities(scorer);
      };
    } catch (PackageException e) {
      throw new Unscorable(FailureReason.PACKAGE_CORRUPT, String.valueOf(e.getMessage()));
    } catch (SignatureException e) {
      throw new Unscorable(
          FailureReason.SCHEMA_MISMATCH, "The dataset does not fit the model: " + e.getMessage());
    }
  }

  private LabelledPredictions classes(OnnxScorer scorer) {
    List<String> labels = new ArrayList<>(table.classes(target));
    int[] codes = table.classCodes(target);
    int[] places = new int[scorer.signature().classes().size()];
    for (int c = 0; c < places.length; c++) {
      String label = scorer.signature().classes().get(c);
      if (!labels.contains(label)) {
        // A class that only an earlier version of the data had.
        labels.add(label);
      }
      places[c] = labels.indexOf(label);
    }
    if (labels.size() < 2) {
      throw new Unscorable(
          FailureReason.SCHEMA_MISMATCH,
          "The target '%s' has only the class %s.".formatted(target, labels));
    }
    int[] truth = new int[rows.length];
    double[] probabilities = new double[rows.length * labels.size()];
    for (int from = 0; from < rows.length; from += BATCH) {
      int[] batch = batch(from);
      Scores scores = score(scorer, batch);
      for (int i = 0; i < batch.length; i++) {
        truth[from + i] = codes[batch[i]];
        for (int c = 0; c < places.length; c++) {
          probabilities[(from + i) * labels.size() + places[c]] = scores.probability(i, c);
        }
      }
    }
    return new ClassificationPredictions(truth, probabilities, labels.size());
  }

  private LabelledPredictions quantities(OnnxScorer scorer) {
    double[] numbers = table.numbers(target);
    double[] truth = new double[rows.length];
    double[] predicted = new double[rows.length];
    for (int from = 0; from < rows.length; from += BATCH) {
      int[] batch = batch(from);
      Scores scores = score(scorer, batch);
      for (int i = 0; i < batch.length; i++) {
        truth[from + i] = numbers[batch[i]];
        predicted[from + i] = scores.value(i);
      }
    }
    return new RegressionPredictions(truth, predicted);
  }

  private Scores score(OnnxScorer scorer, int[] batch) {
    return scorer.score(scorer.signature().encode(table, batch), batch.length);
  }

  private int[] batch(int from) {
    return java.util.Arrays.copyOfRange(rows, from, Math.min(from + BATCH, rows.length));
  }
}
