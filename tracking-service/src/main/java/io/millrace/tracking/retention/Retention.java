package io.millrace.tracking.retention;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.springframework.stereotype.Component;

/**
 * Removes runs and logged models that were deleted long ago and that nothing alive needs. Each goes
 * in a transaction of its own together with the event that tells the keeper of its files, so a
 * removal that is cut off anywhere leaves whole runs only, and goes on the next time.
 */
@Component
class Retention {

  private static final int AT_A_TIME = 200;

  private final Database database;
  private final DeletedRuns deleted;
  private final DeletedModels models;
  private final RetentionEvents events;

  Retention(Database database, DeletedRuns deleted, DeletedModels models, RetentionEvents events) {
    this.models = models;
    this.database = database;
    this.deleted = deleted;
    this.events = events;
  }

  /**
   * What was removed, or would be.
   *
   * @param dryRun true where nothing was touched
   * @param keep how long a deleted run was kept
   * @param removed runs that went, with the points logged to them; of a dry run those that would go
   * @param kept runs deleted as long ago that something alive needs, with what that is
   * @param metricPoints points that went with them; 0 in a dry run
   * @param removedModels logged models that went, or would
   * @param keptModels deleted logged models that something alive needs
   * @param experiments deleted experiments that went as well; empty in a dry run
   */
  record Report(
      boolean dryRun,
      Duration keep,
      List<DeletedRun> removed,
      List<DeletedRun> kept,
      long metricPoints,
      List<DeletedModel> removedModels,
      List<DeletedModel> keptModels,
      List<String> experiments) {}

  /** What {@link #remove} would do now. */
  Report look(Duration keep) {
    List<DeletedRun> removed = new ArrayList<>();
    List<DeletedRun> kept = new ArrayList<>();
    eachRun(keep, run -> (run.neededBy() == null ? removed : kept).add(run));
    List<DeletedModel> removedModels = new ArrayList<>();
    List<DeletedModel> keptModels = new ArrayList<>();
    eachModel(keep, model -> (model.neededBy() == null ? removedModels : keptModels).add(model));
    return new Report(true, keep, removed, kept, 0, removedModels, keptModels, List.of());
  }

  /** Removes all that may go. */
  Report remove(Duration keep, String by) {
    List<DeletedRun> removed = new ArrayList<>();
    List<DeletedRun> kept = new ArrayList<>();
    long[] points = {0};
    eachRun(
        keep,
        run -> {
          if (run.neededBy() != null) {
            kept.add(run);
            return;
          }
          database.inTransactionVoid(
              tx ->
                  deleted
                      .claim(tx, run.runId(), keep)
                      .ifPresent(
                          claimed -> {
                            points[0] += deleted.remove(tx, claimed.runId());
                            events.purged(tx, claimed, by);
                            removed.add(claimed);
                          }));
        });
    List<DeletedModel> removedModels = new ArrayList<>();
    List<DeletedModel> keptModels = new ArrayList<>();
    eachModel(
        keep,
        model -> {
          if (model.neededBy() != null) {
            keptModels.add(model);
            return;
          }
          database.inTransactionVoid(
              tx ->
                  models
                      .remove(tx, model.modelId(), keep)
                      .ifPresent(
                          gone -> {
                            events.purged(tx, gone, by);
                            removedModels.add(gone);
                          }));
        });
    List<DeletedExperiment> experiments =
        database.inTransaction(
            tx -> {
              List<DeletedExperiment> gone = deleted.removeExperiments(tx, keep);
              gone.forEach(experiment -> events.purged(tx, experiment, by));
              return gone;
            });
    return new Report(
        false,
        keep,
        removed,
        kept,
        points[0],
        removedModels,
        keptModels,
        experiments.stream().map(DeletedExperiment::experimentId).toList());
  }

  /** Does the work for each of them; a page begins after one of them. */
  private <T> void each(BiFunction<Tx, Optional<T>, List<T>> pages, Consumer<T> work) {
    List<T> page = List.of();
    do {
      Optional<T> after = page.isEmpty() ? Optional.empty() : Optional.of(page.getLast());
      page = database.read(tx -> pages.apply(tx, after));
      page.forEach(work);
    } while (page.size() == AT_A_TIME);
  }

  private void eachRun(Duration keep, Consumer<DeletedRun> work) {
    each((tx, after) -> deleted.expired(tx, keep, after, AT_A_TIME), work);
  }

  private void eachModel(Duration keep, Consumer<DeletedModel> work) {
    each((tx, after) -> models.expired(tx, keep, after, AT_A_TIME), work);
  }
}
