package io.millrace.cli.porting;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies experiments, runs, artifacts and models between tracking servers and directories. What was
 * interrupted goes on where it was when it is started again.
 */
public final class Porting {

  private final Selection selection;
  private final int parallel;
  private final Patience patience;
  private final Progress progress;

  /**
   * @param parallel runs that are copied at the same time, at least 1
   */
  public Porting(Selection selection, int parallel, Patience patience, Progress progress) {
    if (parallel < 1) {
      throw new IllegalArgumentException("parallel must be at least 1");
    }
    this.selection = selection;
    this.parallel = parallel;
    this.patience = patience;
    this.progress = progress;
  }

  /**
   * From one server to another.
   *
   * @param state where the id map is kept; null for its usual name below {@code states}
   * @throws PortingFailure where it cannot go on
   */
  public Report serverToServer(
      URI from, Credentials credentials, URI to, @Nullable Path state, Path states) {
    try (var source = source(from, credentials)) {
      return toServer(source, to, state, states);
    }
  }

  /** From an export to a server. */
  public Report directoryToServer(Path from, URI to, @Nullable Path state, Path states) {
    try (var source = new DirectorySource(from)) {
      return toServer(source, to, state, states);
    }
  }

  /** From a server to an export; the id map is kept inside it. */
  public Report serverToDirectory(URI from, Credentials credentials, Path to) {
    var report = new Report();
    try (var source = source(from, credentials);
        var map = IdMap.open(to.resolve(ExportLayout.STATE), source.origin(), "directory");
        var sink = new DirectorySink(to, source.origin())) {
      return copy(source, sink, map, report);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** What there is to copy, without copying. */
  public Report count(URI from, Credentials credentials) {
    try (var source = source(from, credentials)) {
      return count(source);
    }
  }

  /** What there is to copy in an export, without copying. */
  public Report count(Path from) {
    try (var source = new DirectorySource(from)) {
      return count(source);
    }
  }

  private Report count(Source source) {
    var report = new Report();
    try {
      for (var all = source.experiments(); all.hasNext(); ) {
        var experiment = all.next();
        if (selection.experiment(experiment)) {
          report.add(Report.Count.EXPERIMENTS);
          source
              .runs(experiment, selection.since())
              .forEachRemaining(run -> report.add(Report.Count.RUNS));
          source
              .loggedModels(experiment)
              .forEachRemaining(model -> report.add(Report.Count.LOGGED_MODELS));
        }
      }
      for (var all = source.models(); all.hasNext(); ) {
        var model = all.next();
        if (selection.model(model.name())) {
          report.add(Report.Count.MODELS);
          report.add(Report.Count.VERSIONS, source.versions(model).size());
        }
      }
      return report;
    } catch (UncheckedIOException e) {
      throw failure(MlflowSource.trouble(e));
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private Source source(URI from, Credentials credentials) {
    return new MlflowSource(new MlflowHttp(Credentials.bare(from), credentials, patience));
  }

  private Report toServer(Source source, URI to, @Nullable Path state, Path states) {
    var report = new Report();
    var target = Credentials.bare(to);
    var file =
        Optional.ofNullable(state)
            .orElseGet(() -> states.resolve(name(source.origin(), target.toString())));
    try (var map = IdMap.open(file, source.origin(), target.toString());
        var sink =
            new MlflowSink(
                new MlflowHttp(target, Credentials.NONE, patience), source.origin(), report)) {
      return copy(source, sink, map, report);
    }
  }

  private Report copy(Source source, Sink sink, IdMap map, Report report) {
    try {
      new Copy(source, sink, map, selection, parallel, progress, report).run();
      return report;
    } catch (IOException e) {
      throw failure(e);
    } catch (Refused refused) {
      throw new PortingFailure(String.valueOf(refused.getMessage()), refused);
    }
  }

  private static PortingFailure failure(IOException e) {
    return new PortingFailure(e.getMessage() + "\nRun the same command again to go on.", e);
  }

  private static String name(String source, String target) {
    return Sha256.of((source + "\n" + target).getBytes(StandardCharsets.UTF_8)).substring(0, 16)
        + ".jsonl";
  }
}
