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
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where things are copied to. Every call may be repeated, also by a later process after a kill, and
 * then doubles nothing. Messages come with the ids of this side. Safe for concurrent use.
 */
interface Sink extends AutoCloseable {

  String address();

  /** True where copies have the ids of their originals. */
  boolean keepsIds();

  /**
   * Where an experiment goes.
   *
   * @param id its id here
   * @param merged true where it is not a copy: it was here under that name, and stays as it is
   * @param existed true where it may hold copies already
   */
  record Place(String id, boolean merged, boolean existed) {}

  /** The experiment's copy, found or made. */
  Place place(Experiment experiment) throws Trouble;

  /**
   * Makes an experiment ready to be written to.
   *
   * @return true where it was deleted, and its runs with it
   */
  boolean open(Place place, Experiment experiment) throws Trouble;

  /** Tags, name and lifecycle as the original has them, after everything in it is copied. */
  void finish(Place place, Experiment experiment) throws IOException;

  /** Copies of runs that an experiment holds already: the original's id to the copy's. */
  Map<String, String> copies(String experimentId) throws Trouble;

  /** The copy of a run, where there is one. */
  Optional<String> findRun(String experimentId, String originalId) throws Trouble;

  /** Begins a copy; it is not whole before {@link #finishRun}. */
  String beginRun(String experimentId, Run run) throws IOException;

  /** Makes a copy writable that was finished before. */
  void reopenRun(String id) throws Trouble;

  void history(String experimentId, String id, Iterator<Metric> points) throws IOException;

  void finishRun(String experimentId, String id, Run run, List<StoredFile> files)
      throws IOException;

  Optional<String> findModel(String experimentId, String originalId) throws Trouble;

  /** Begins the copy of a logged model; null where this side knows no logged models. */
  @Nullable String beginModel(String experimentId, LoggedModel model) throws IOException;

  void finishModel(String experimentId, String id, LoggedModel model, List<StoredFile> files)
      throws IOException;

  /** Where the files of a copy go. */
  Source.Owner owner(boolean model, String experimentId, String id) throws Trouble;

  /** Opens the original's bytes, from their start. */
  @FunctionalInterface
  interface Opener {
    MlflowHttp.Content open() throws IOException;
  }

  /** Stores a file and makes sure that the stored bytes are the original's. */
  StoredFile put(Source.Owner owner, String path, Opener original) throws IOException;

  /** True where a file that was stored before is still whole. */
  boolean holds(Source.Owner owner, StoredFile file) throws Trouble;

  record StoredFile(String path, String sha256, long size) {}

  /** The registered model, made or found; false, with the reason reported, where it cannot be. */
  boolean beginRegistered(RegisteredModel model) throws IOException;

  /** A version under its own number. */
  void version(ModelVersion version) throws IOException;

  /** Description, tags and aliases, after all versions. */
  void finishRegistered(RegisteredModel model, List<ModelVersion> versions) throws IOException;

  /** After everything; not called where something stopped the copy. */
  void complete(Report report) throws IOException;

  @Override
  void close();
}
