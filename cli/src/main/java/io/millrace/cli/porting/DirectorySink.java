package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes an export. A run or logged model is gathered in a folder whose name ends in `.part` and
 * appears under its own name when it is whole; the manifest is written last.
 */
final class DirectorySink implements Sink {

  private final Path root;
  private final String origin;
  private final AtomicLong temporary = new AtomicLong();

  DirectorySink(Path root, String origin) throws IOException {
    this.root = root;
    this.origin = origin;
    Files.createDirectories(root);
    // While it changes it is not an export that anybody should read.
    Files.deleteIfExists(root.resolve(ExportLayout.MANIFEST));
  }

  @Override
  public String address() {
    return root.toAbsolutePath().normalize().toString();
  }

  @Override
  public boolean keepsIds() {
    return true;
  }

  @Override
  public Place place(Experiment experiment) {
    return new Place(experiment.experimentId(), false, false);
  }

  @Override
  public boolean open(Place place, Experiment experiment) {
    return false;
  }

  @Override
  public void finish(Place place, Experiment experiment) throws IOException {
    write(
        ExportLayout.experiment(root, place.id()).resolve(ExportLayout.EXPERIMENT),
        Messages.JSON.writeValueAsString(experiment));
  }

  @Override
  public Map<String, String> copies(String experimentId) {
    return Map.of();
  }

  @Override
  public Optional<String> findRun(String experimentId, String originalId) {
    return Optional.of(originalId);
  }

  @Override
  public String beginRun(String experimentId, Run run) throws IOException {
    Files.createDirectories(part(false, experimentId, run.id()));
    return run.id();
  }

  @Override
  public void reopenRun(String id) {
    // It is gathered anew beside the one that is there.
  }

  private Path part(boolean model, String experimentId, String id) {
    var whole = ExportLayout.owned(root, model, experimentId, id);
    return whole.resolveSibling(whole.getFileName() + ExportLayout.PART);
  }

  @Override
  public void history(String experimentId, String id, Iterator<Metric> points) throws IOException {
    var file = part(false, experimentId, id).resolve(ExportLayout.METRICS);
    Files.createDirectories(file.getParent());
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      while (points.hasNext()) {
        lines.write(Messages.JSON.writeValueAsString(points.next()));
        lines.write('\n');
      }
    } catch (UncheckedIOException e) {
      throw MlflowSource.trouble(e);
    }
  }

  @Override
  public void finishRun(String experimentId, String id, Run run, List<StoredFile> files)
      throws IOException {
    var part = part(false, experimentId, id);
    write(part.resolve(ExportLayout.RUN), Messages.JSON.writeValueAsString(run));
    finish(part, files, List.of(ExportLayout.RUN, ExportLayout.METRICS));
  }

  @Override
  public Optional<String> findModel(String experimentId, String originalId) {
    return Optional.of(originalId);
  }

  @Override
  public String beginModel(String experimentId, LoggedModel model) throws IOException {
    Files.createDirectories(part(true, experimentId, model.id()));
    return model.id();
  }

  @Override
  public void finishModel(String experimentId, String id, LoggedModel model, List<StoredFile> files)
      throws IOException {
    var part = part(true, experimentId, id);
    Files.createDirectories(part);
    write(part.resolve(ExportLayout.MODEL), Messages.JSON.writeValueAsString(model));
    finish(part, files, List.of(ExportLayout.MODEL));
  }

  private void finish(Path part, List<StoredFile> files, List<String> others) throws IOException {
    Set<String> known = new HashSet<>();
    var sums = new StringBuilder();
    for (var other : others) {
      sums.append(line(Sha256.of(part.resolve(other)), other));
    }
    for (var file : files) {
      var path = ExportLayout.ARTIFACTS + "/" + file.path();
      known.add(path);
      sums.append(line(file.sha256(), path));
    }
    removeOthers(part, known);
    write(part.resolve(ExportLayout.SUMS), sums.toString());
    var name = part.getFileName().toString();
    var whole = part.resolveSibling(name.substring(0, name.length() - ExportLayout.PART.length()));
    if (Files.exists(whole)) {
      delete(whole);
    }
    Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String line(String sha256, String path) {
    return sha256 + "  " + path + "\n";
  }

  /** A file that its server has removed since an earlier try does not belong to the run. */
  private static void removeOthers(Path part, Set<String> known) throws IOException {
    var artifacts = part.resolve(ExportLayout.ARTIFACTS);
    if (!Files.exists(artifacts)) {
      return;
    }
    List<Path> others;
    try (var all = Files.walk(artifacts)) {
      others =
          all.filter(Files::isRegularFile)
              .filter(file -> !known.contains(slashed(part.relativize(file))))
              .toList();
    }
    for (var other : others) {
      Files.delete(other);
    }
  }

  static String slashed(Path path) {
    List<String> names = new ArrayList<>();
    path.forEach(name -> names.add(name.toString()));
    return String.join("/", names);
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes unused)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path visited, @org.jspecify.annotations.Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public Source.Owner owner(boolean model, String experimentId, String id) {
    return new Source.Owner(model, id, experimentId, "");
  }

  private Path path(Source.Owner owner, String path) {
    return part(owner.model(), owner.experimentId(), owner.id())
        .resolve(ExportLayout.ARTIFACTS)
        .resolve(path);
  }

  @Override
  public StoredFile put(Source.Owner owner, String path, Opener original) throws IOException {
    var file = path(owner, path);
    var part = part(owner.model(), owner.experimentId(), owner.id());
    var half = part.resolve("half-" + temporary.incrementAndGet());
    Files.createDirectories(file.getParent());
    try (var content = original.open();
        var bytes = new Measured(content)) {
      try {
        Files.copy(bytes, half, StandardCopyOption.REPLACE_EXISTING);
      } catch (MlflowHttp.Broken e) {
        throw new Trouble(String.valueOf(e.getMessage()), false);
      }
      Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      return bytes.stored(path);
    } finally {
      Files.deleteIfExists(half);
    }
  }

  @Override
  public boolean holds(Source.Owner owner, StoredFile file) {
    try {
      return Files.size(path(owner, file.path())) == file.size();
    } catch (IOException notThere) {
      return false;
    }
  }

  @Override
  public boolean beginRegistered(RegisteredModel model) {
    return true;
  }

  @Override
  public void version(ModelVersion version) {
    // All versions of a model are written together.
  }

  @Override
  public void finishRegistered(RegisteredModel model, List<ModelVersion> versions)
      throws IOException {
    var folder = ExportLayout.registered(root, model.name());
    var lines = new StringBuilder();
    for (var version : versions) {
      lines.append(Messages.JSON.writeValueAsString(version)).append('\n');
    }
    write(folder.resolve(ExportLayout.VERSIONS), lines.toString());
    write(folder.resolve(ExportLayout.MODEL), Messages.JSON.writeValueAsString(model));
  }

  /** One whole file, or the one before it. */
  private void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    var half = file.resolveSibling(file.getFileName() + ".new" + temporary.incrementAndGet());
    Files.writeString(half, text);
    Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void complete(Report report) throws IOException {
    var half = root.resolve(ExportLayout.SUMS + ".new");
    var counted = new Counted();
    try (var sums = Files.newBufferedWriter(half)) {
      for (var experiment : folders(root.resolve(ExportLayout.EXPERIMENTS))) {
        single(sums, experiment.resolve(ExportLayout.EXPERIMENT), counted);
        counted.experiments++;
        for (var run : folders(experiment.resolve(ExportLayout.RUNS))) {
          gathered(sums, run, counted);
          counted.runs++;
        }
        for (var model : folders(experiment.resolve(ExportLayout.LOGGED_MODELS))) {
          gathered(sums, model, counted);
          counted.loggedModels++;
        }
      }
      for (var model : folders(root.resolve(ExportLayout.MODELS))) {
        single(sums, model.resolve(ExportLayout.MODEL), counted);
        single(sums, model.resolve(ExportLayout.VERSIONS), counted);
        counted.models++;
      }
    }
    var sums = root.resolve(ExportLayout.SUMS);
    Files.move(half, sums, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("format", ExportLayout.FORMAT);
    manifest.put("source", origin);
    manifest.put("written_at", Instant.now().toString());
    manifest.put("sha256sums", Sha256.of(sums));
    manifest.put("experiments", counted.experiments);
    manifest.put("runs", counted.runs);
    manifest.put("logged_models", counted.loggedModels);
    manifest.put("registered_models", counted.models);
    manifest.put("files", counted.files);
    manifest.put("left_out", report.leftOut());
    manifest.put("failed", report.failed());
    write(
        root.resolve(ExportLayout.MANIFEST),
        Messages.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n");
  }

  private static final class Counted {
    private long experiments;
    private long runs;
    private long loggedModels;
    private long models;
    private long files;
  }

  /** Folders that are whole, in the order of their names. */
  private static List<Path> folders(Path parent) throws IOException {
    List<Path> folders = new ArrayList<>();
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, Files::isDirectory)) {
        for (var folder : all) {
          if (!folder
              .getFileName()
              .toString()
              .toLowerCase(Locale.ROOT)
              .endsWith(ExportLayout.PART)) {
            folders.add(folder);
          }
        }
      }
    }
    folders.sort(null);
    return folders;
  }

  private void single(BufferedWriter sums, Path file, Counted counted) throws IOException {
    if (Files.exists(file)) {
      sums.write(line(Sha256.of(file), slashed(root.relativize(file))));
      counted.files++;
    }
  }

  private void gathered(BufferedWriter sums, Path folder, Counted counted) throws IOException {
    var prefix = slashed(root.relativize(folder)) + "/";
    var own = folder.resolve(ExportLayout.SUMS);
    try (var lines = Files.newBufferedReader(own, StandardCharsets.UTF_8)) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        sums.write(line(line.substring(0, 64), prefix + line.substring(66)));
        counted.files++;
      }
    }
    single(sums, own, counted);
  }

  @Override
  public void close() {
    // Every file is closed when it is written.
  }
}
