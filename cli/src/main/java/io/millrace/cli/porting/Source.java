package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Where things are copied from. Iterators hold one page at a time and throw {@link
 * java.io.UncheckedIOException} with a {@link Trouble}. Safe for concurrent use.
 */
interface Source extends AutoCloseable {

  /** Where the things were first: the same for a server and for an export of it. */
  String origin();

  /** All experiments, deleted ones too. */
  Iterator<Experiment> experiments();

  Optional<Experiment> experiment(String id) throws Trouble;

  /**
   * An experiment's runs, deleted ones too, the newest first where the source knows an order.
   *
   * @param since start time in ms from which on runs are wanted
   */
  Iterator<Run> runs(Experiment experiment, long since);

  Optional<Run> run(String id) throws Trouble;

  /** Every point of every metric of a run, one metric after the other. */
  Iterator<Metric> history(Run run);

  /** Empty for a server that knows no logged models. */
  Iterator<LoggedModel> loggedModels(Experiment experiment);

  Iterator<RegisteredModel> models();

  /** A model's versions, the oldest first. */
  List<ModelVersion> versions(RegisteredModel model) throws Trouble;

  /** All files of a run or logged model. */
  Iterator<FileEntry> files(Owner owner);

  /** A file's bytes, from their start. */
  MlflowHttp.Content open(Owner owner, FileEntry file) throws IOException;

  /**
   * What files belong to.
   *
   * @param model true for a logged model, false for a run
   * @param artifactUri where its server says they are
   */
  record Owner(boolean model, String id, String experimentId, String artifactUri) {

    static Owner of(Run run) {
      return new Owner(false, run.id(), run.info().experimentId(), run.info().artifactUri());
    }

    static Owner of(LoggedModel model) {
      return new Owner(true, model.id(), model.info().experimentId(), model.info().artifactUri());
    }

    String key() {
      return (model ? "model/" : "run/") + id;
    }
  }

  /**
   * @param path relative to its owner's artifact root
   * @param size in bytes; -1 where unknown
   */
  record FileEntry(String path, long size) {}

  @Override
  void close();
}
