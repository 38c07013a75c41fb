package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Reads an export that is whole. Every file is held against its SHA-256 when it is read. */
final class DirectorySource implements Source {

  private final Path root;
  private final ExportManifest manifest;

  DirectorySource(Path root) {
    this.root = root;
    this.manifest = ExportManifest.read(root);
  }

  @Override
  public String origin() {
    return manifest.source();
  }

  @Override
  public Iterator<Experiment> experiments() {
    return each(root.resolve(ExportLayout.EXPERIMENTS), ExportLayout.EXPERIMENT, Experiment.class);
  }

  @Override
  public Optional<Experiment> experiment(String id) throws Trouble {
    return one(
        ExportLayout.experiment(root, id).resolve(ExportLayout.EXPERIMENT), Experiment.class);
  }

  @Override
  public Iterator<Run> runs(Experiment experiment, long since) {
    var all =
        each(
            ExportLayout.experiment(root, experiment.experimentId()).resolve(ExportLayout.RUNS),
            ExportLayout.RUN,
            Run.class);
    return new Iterator<>() {
      private @Nullable Run next;

      @Override
      public boolean hasNext() {
        while (next == null && all.hasNext()) {
          var run = all.next();
          next = run.info().startTime() >= since ? run : null;
        }
        return next != null;
      }

      @Override
      public Run next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        var run = Objects.requireNonNull(next);
        next = null;
        return run;
      }
    };
  }

  @Override
  public Optional<Run> run(String id) throws Trouble {
    for (var experiments = experiments(); experiments.hasNext(); ) {
      var folder = ExportLayout.owned(root, false, experiments.next().experimentId(), id);
      var run = one(folder.resolve(ExportLayout.RUN), Run.class);
      if (run.isPresent()) {
        return run;
      }
    }
    return Optional.empty();
  }

  @Override
  public Iterator<Metric> history(Run run) {
    var folder = ExportLayout.owned(root, false, run.info().experimentId(), run.id());
    try {
      var file = folder.resolve(ExportLayout.METRICS);
      var said = sums(folder).get(ExportLayout.METRICS);
      if (!Sha256.of(file).equals(said)) {
        throw damaged(file);
      }
      return new Lines(Files.newBufferedReader(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Trouble damaged(Path file) {
    return new Trouble(
        file + " is damaged: it does not have the SHA-256 it was written with", false);
  }

  /** The points of a file, one a line. */
  private static final class Lines implements Iterator<Metric> {
    private final BufferedReader reader;
    private @Nullable String line;

    Lines(BufferedReader reader) throws IOException {
      this.reader = reader;
      advance();
    }

    private void advance() throws IOException {
      line = reader.readLine();
      if (line == null) {
        reader.close();
      }
    }

    @Override
    public boolean hasNext() {
      return line != null;
    }

    @Override
    public Metric next() {
      if (line == null) {
        throw new NoSuchElementException();
      }
      try {
        var metric = Messages.JSON.readValue(line, Metric.class);
        advance();
        return metric;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public Iterator<LoggedModel> loggedModels(Experiment experiment) {
    return each(
        ExportLayout.experiment(root, experiment.experimentId())
            .resolve(ExportLayout.LOGGED_MODELS),
        ExportLayout.MODEL,
        LoggedModel.class);
  }

  @Override
  public Iterator<RegisteredModel> models() {
    return each(root.resolve(ExportLayout.MODELS), ExportLayout.MODEL, RegisteredModel.class);
  }

  @Override
  public List<ModelVersion> versions(RegisteredModel model) throws Trouble {
    var file = ExportLayout.registered(root, model.name()).resolve(ExportLayout.VERSIONS);
    List<ModelVersion> versions = new ArrayList<>();
    try {
      for (var line : Files.readAllLines(file)) {
        versions.add(Messages.JSON.readValue(line, ModelVersion.class));
      }
    } catch (IOException | JacksonException e) {
      throw new Trouble("Cannot read " + file + ": " + e.getMessage(), false);
    }
    versions.sort(Comparator.comparingInt(ModelVersion::number));
    return versions;
  }

  @Override
  public Iterator<FileEntry> files(Owner owner) {
    var folder = folder(owner);
    var prefix = ExportLayout.ARTIFACTS + "/";
    List<FileEntry> entries = new ArrayList<>();
    try {
      for (var path : sums(folder).keySet()) {
        if (path.startsWith(prefix)) {
          entries.add(
              new FileEntry(path.substring(prefix.length()), Files.size(inside(folder, path))));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return entries.iterator();
  }

  private Path folder(Owner owner) {
    return ExportLayout.owned(root, owner.model(), owner.experimentId(), owner.id());
  }

  /** An export may come from anybody: its paths stay below it. */
  private static Path inside(Path folder, String path) throws Trouble {
    var problem = SafePath.problem(path);
    if (problem.isPresent()) {
      throw new Trouble("%s names '%s': %s".formatted(folder, path, problem.get()), false);
    }
    return folder.resolve(path);
  }

  @Override
  public MlflowHttp.Content open(Owner owner, FileEntry file) throws IOException {
    var folder = folder(owner);
    var path = ExportLayout.ARTIFACTS + "/" + file.path();
    var said = Objects.requireNonNullElse(sums(folder).get(path), "");
    return new MlflowHttp.Content(Files.newInputStream(inside(folder, path)), file.size(), said);
  }

  private static Map<String, String> sums(Path folder) throws IOException {
    Map<String, String> sums = new TreeMap<>();
    for (var line : Files.readAllLines(folder.resolve(ExportLayout.SUMS))) {
      if (line.length() < 67) {
        throw damaged(folder.resolve(ExportLayout.SUMS));
      }
      sums.put(line.substring(66), line.substring(0, 64));
    }
    return sums;
  }

  private static <T> Optional<T> one(Path file, Class<T> type) throws Trouble {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Messages.JSON.readValue(Files.readString(file), type));
    } catch (IOException | JacksonException e) {
      throw new Trouble("Cannot read " + file + ": " + e.getMessage(), false);
    }
  }

  /** What the folders below a folder hold, without the unfinished ones. */
  private static <T> Iterator<T> each(Path parent, String file, Class<T> type) {
    List<Path> folders = new ArrayList<>();
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, Files::isDirectory)) {
        all.forEach(folders::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    folders.removeIf(
        folder ->
            folder.toString().endsWith(ExportLayout.PART) || !Files.exists(folder.resolve(file)));
    folders.sort(null);
    var paths = folders.iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return paths.hasNext();
      }

      @Override
      public T next() {
        var path = paths.next().resolve(file);
        try {
          return one(path, type).orElseThrow();
        } catch (Trouble e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  @Override
  public void close() {
    // Every file is closed when it is read.
  }
}
