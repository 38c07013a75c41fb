package io.millrace.cli.porting;

import io.millrace.cli.porting.IdMap.Kind;
import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelInput;
import io.millrace.cli.porting.Messages.ModelOutput;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import io.millrace.cli.porting.Messages.RunInputs;
import io.millrace.cli.porting.Messages.RunOutputs;
import io.millrace.cli.porting.Report.Count;
import io.millrace.cli.porting.Sink.Place;
import io.millrace.cli.porting.Sink.StoredFile;
import io.millrace.cli.porting.Source.FileEntry;
import io.millrace.cli.porting.Source.Owner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Copies a source to a sink. Each step is written down before the next, so that a copy that was
 * killed anywhere goes on where it was and doubles nothing. Holds a page of runs and a batch of
 * points at a time, however much there is.
 */
final class Copy {

  /** So many things in a row that fail mean that something is wrong with all of them. */
  private static final int HOPELESS = 25;

  private static final String MERGED = "merged";
  private static final String PARENT = "mlflow.parentRunId";
  private static final String MODEL_HISTORY = "mlflow.log-model.history";

  private final Source source;
  private final Sink sink;
  private final IdMap map;
  private final Selection selection;
  private final int parallel;
  private final Progress progress;
  private final Report report;

  private final Map<String, Opened> opened = new ConcurrentHashMap<>();
  private final Object[] locks = Stream.generate(Object::new).limit(64).toArray();
  private final AtomicInteger failuresInARow = new AtomicInteger();
  private final AtomicReference<@Nullable RuntimeException> fatal = new AtomicReference<>();
  private final AtomicLong total = new AtomicLong();
  private final AtomicLong through = new AtomicLong();

  Copy(
      Source source,
      Sink sink,
      IdMap map,
      Selection selection,
      int parallel,
      Progress progress,
      Report report) {
    this.source = source;
    this.sink = sink;
    this.map = map;
    this.selection = selection;
    this.parallel = parallel;
    this.progress = progress;
    this.report = report;
  }

  /** An experiment that things are being copied into. */
  private record Opened(Experiment experiment, Place place, boolean everythingAgain) {}

  void run() throws IOException {
    List<Experiment> experiments = new ArrayList<>();
    List<RegisteredModel> models = new ArrayList<>();
    try {
      source
          .experiments()
          .forEachRemaining(each -> addIf(selection.experiment(each), experiments, each));
      source.models().forEachRemaining(each -> addIf(selection.model(each.name()), models, each));
      total.set(experiments.size() + models.size());
      for (var experiment : experiments) {
        carefully("experiment " + experiment.name(), () -> experiment(experiment));
        step();
      }
      for (var model : models) {
        carefully("registered model " + model.name(), () -> model(model));
        step();
      }
    } catch (UncheckedIOException e) {
      throw MlflowSource.trouble(e);
    }
    for (var each : opened.values()) {
      carefully(
          "experiment " + each.experiment().name(),
          () -> {
            sink.finish(each.place(), each.experiment());
            map.done(
                Kind.EXPERIMENT, each.experiment().experimentId(), print(each.experiment()), "");
            report.add(Count.EXPERIMENTS);
          });
    }
    sink.complete(report);
  }

  private static <T> void addIf(boolean wanted, List<T> list, T item) {
    if (wanted) {
      list.add(item);
    }
  }

  private void step() {
    progress.at(through.incrementAndGet(), total.get(), report);
  }

  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  /** Does one thing; where that fails, notes it and lets the others go on. */
  private boolean carefully(String what, Work work) {
    try {
      work.run();
      failuresInARow.set(0);
      return true;
    } catch (UncheckedIOException e) {
      failed(what, MlflowSource.trouble(e));
    } catch (IOException | Refused e) {
      failed(what, e);
    }
    return false;
  }

  private void failed(String what, Exception why) {
    report.failed(what, String.valueOf(why.getMessage()));
    if (why instanceof Trouble trouble && trouble.away()) {
      throw new PortingFailure(why.getMessage() + "\nRun the same command again to go on.", why);
    }
    if (failuresInARow.incrementAndGet() >= HOPELESS) {
      throw new PortingFailure(
          "%d things in a row failed, the last one: %s\nRun the same command again to go on."
              .formatted(HOPELESS, why.getMessage()),
          why);
    }
  }

  private static String print(Object message) {
    return Sha256.of(Messages.JSON.writeValueAsString(message).getBytes(StandardCharsets.UTF_8))
        .substring(0, 32);
  }

  private Object lock(String key) {
    return locks[Math.floorMod(key.hashCode(), locks.length)];
  }

  // ---- experiments

  private void experiment(Experiment experiment) throws IOException {
    var id = experiment.experimentId();
    if (!map.unchanged(Kind.EXPERIMENT, id, print(experiment))) {
      open(experiment);
    }
    for (var models = source.loggedModels(experiment); models.hasNext(); ) {
      var model = models.next();
      carefully("logged model " + model.id(), () -> loggedModel(experiment, model));
    }
    var permits = new Semaphore(parallel);
    try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var runs = source.runs(experiment, selection.since());
          runs.hasNext() && fatal.get() == null; ) {
        var run = runs.next();
        permits.acquireUninterruptibly();
        tasks.submit(
            () -> {
              try {
                carefully("run " + run.id(), () -> run(experiment, run));
                progress.at(through.get(), total.get(), report);
              } catch (RuntimeException e) {
                fatal.compareAndSet(null, e);
              } finally {
                permits.release();
              }
            });
      }
    }
    var failure = fatal.get();
    if (failure != null) {
      throw failure;
    }
  }

  private Opened open(Experiment experiment) throws IOException {
    var id = experiment.experimentId();
    synchronized (lock("experiment/" + id)) {
      var before = opened.get(id);
      if (before != null) {
        return before;
      }
      var known = map.to(Kind.EXPERIMENT, id);
      Place place;
      if (known.isPresent()) {
        var note = map.note(Kind.EXPERIMENT, id);
        place = new Place(known.get(), note.equals(Optional.of(MERGED)), note.isPresent());
      } else {
        place = sink.place(experiment);
        if (place.existed()) {
          sink.copies(place.id())
              .forEach(
                  (original, copy) -> {
                    if (map.to(Kind.RUN, original).isEmpty()) {
                      map.created(Kind.RUN, original, copy, null);
                    }
                  });
        }
        var note = place.merged() ? MERGED : place.existed() ? "existed" : null;
        map.created(Kind.EXPERIMENT, id, place.id(), note);
      }
      if (place.merged()) {
        report.leftOut(
            "tags and lifecycle of experiment " + experiment.name(),
            "an experiment of this name was there before; the runs were added to it");
      }
      var now = new Opened(experiment, place, sink.open(place, experiment));
      opened.put(id, now);
      return now;
    }
  }

  // ---- runs

  private void run(Experiment experiment, Run run) throws IOException {
    var print = print(run);
    var before = opened.get(experiment.experimentId());
    if (map.unchanged(Kind.RUN, run.id(), print) && (before == null || !before.everythingAgain())) {
      report.add(Count.RUNS_UNCHANGED);
      return;
    }
    var place = open(experiment).place();
    var to = begun(place, run, true);
    Run translated = translated(run);
    sink.history(place.id(), to, counted(run));
    var files = files(Owner.of(run), sink.owner(false, place.id(), to));
    sink.finishRun(place.id(), to, translated, files);
    map.done(Kind.RUN, run.id(), print, Owner.of(run).key());
    report.add(Count.RUNS);
  }

  /** The copy's id; where it is to be written to, it is open to that. */
  private String begun(Place place, Run run, boolean reopen) throws IOException {
    synchronized (lock("run/" + run.id())) {
      var known = map.to(Kind.RUN, run.id());
      if (known.isEmpty() && map.uncertain(Kind.RUN, run.id())) {
        known = sink.findRun(place.id(), run.id());
        known.ifPresent(copy -> map.created(Kind.RUN, run.id(), copy, null));
      }
      if (known.isPresent()) {
        if (reopen) {
          sink.reopenRun(known.get());
        }
        return known.get();
      }
      map.intend(Kind.RUN, run.id());
      var made = sink.beginRun(place.id(), run);
      map.created(Kind.RUN, run.id(), made, null);
      return made;
    }
  }

  private Iterator<Metric> counted(Run run) {
    var points = source.history(run);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return points.hasNext();
      }

      @Override
      public Metric next() {
        var point = points.next();
        report.add(Count.METRIC_POINTS);
        var model = point.modelId();
        return model == null || sink.keepsIds()
            ? point
            : point.ofModel(map.to(Kind.LOGGED_MODEL, model).orElse(null));
      }
    };
  }

  /** The run with the ids that things have on the other side. */
  private Run translated(Run run) throws IOException {
    if (sink.keepsIds()) {
      return run;
    }
    var tags = run.tags();
    var parent = tags.get(PARENT);
    if (parent != null && !parent.isEmpty()) {
      var there = parent(parent);
      if (there.isPresent()) {
        tags.put(PARENT, there.get());
      } else {
        report.leftOut(
            "parent " + parent + " of run " + run.id(), "it is not among what is copied");
      }
    }
    var history = tags.get(MODEL_HISTORY);
    var own = map.to(Kind.RUN, run.id());
    if (history != null && own.isPresent()) {
      tags.put(MODEL_HISTORY, history.replace(run.id(), own.get()));
    }
    List<ModelInput> inputs = new ArrayList<>();
    for (var input : run.inputs().modelInputs()) {
      model(run, input.modelId()).ifPresent(there -> inputs.add(new ModelInput(there)));
    }
    List<ModelOutput> outputs = new ArrayList<>();
    for (var output : run.outputs().modelOutputs()) {
      model(run, output.modelId())
          .ifPresent(there -> outputs.add(new ModelOutput(there, output.step())));
    }
    return run.with(
        tags, new RunInputs(run.inputs().datasetInputs(), inputs), new RunOutputs(outputs));
  }

  private Optional<String> model(Run run, String modelId) {
    var there = map.to(Kind.LOGGED_MODEL, modelId);
    if (there.isEmpty()) {
      report.leftOut(
          "logged model %s of run %s".formatted(modelId, run.id()),
          "it is not among what is copied, or deleted");
    }
    return there;
  }

  /** A parent's copy, begun where it comes later, so that its children can name it. */
  private Optional<String> parent(String id) throws IOException {
    var known = map.to(Kind.RUN, id);
    if (known.isPresent()) {
      return known;
    }
    var parent = source.run(id);
    if (parent.isEmpty() || parent.get().info().startTime() < selection.since()) {
      return Optional.empty();
    }
    var experiment = source.experiment(parent.get().info().experimentId());
    if (experiment.isEmpty() || !selection.experiment(experiment.get())) {
      return Optional.empty();
    }
    return Optional.of(begun(open(experiment.get()).place(), parent.get(), false));
  }

  // ---- files

  private List<StoredFile> files(Owner from, Owner to) throws IOException {
    List<StoredFile> stored = new ArrayList<>();
    try {
      for (var files = source.files(from); files.hasNext(); ) {
        file(from, to, files.next()).ifPresent(stored::add);
      }
    } catch (Refused refused) {
      report.leftOut("the files of " + from.key(), String.valueOf(refused.getMessage()));
    }
    return stored;
  }

  private Optional<StoredFile> file(Owner from, Owner to, FileEntry entry) throws IOException {
    var what = "file %s of %s".formatted(entry.path(), from.key());
    var unsafe = SafePath.problem(entry.path());
    if (unsafe.isPresent()) {
      report.leftOut(what, unsafe.get());
      return Optional.empty();
    }
    var before = map.stored(from.key(), entry.path());
    if (before.isPresent()
        && (entry.size() < 0 || entry.size() == before.get().size())
        && sink.holds(to, before.get())) {
      return before;
    }
    try {
      var stored = sink.put(to, entry.path(), () -> source.open(from, entry));
      map.stored(from.key(), stored);
      report.add(Count.FILES);
      report.add(Count.BYTES, stored.size());
      progress.at(through.get(), total.get(), report);
      return Optional.of(stored);
    } catch (Refused refused) {
      report.leftOut(what, String.valueOf(refused.getMessage()));
      return Optional.empty();
    }
  }

  // ---- logged models

  private void loggedModel(Experiment experiment, LoggedModel model) throws IOException {
    var print = print(model);
    if (map.unchanged(Kind.LOGGED_MODEL, model.id(), print)) {
      return;
    }
    var place = open(experiment).place();
    var translated = translated(model);
    var to = begun(place, model, translated);
    if (to.isEmpty()) {
      report.leftOut("logged model " + model.id(), "the target knows no logged models");
      return;
    }
    var files = files(Owner.of(model), sink.owner(true, place.id(), to.get()));
    sink.finishModel(place.id(), to.get(), translated, files);
    map.done(Kind.LOGGED_MODEL, model.id(), print, Owner.of(model).key());
    report.add(Count.LOGGED_MODELS);
  }

  private Optional<String> begun(Place place, LoggedModel model, LoggedModel translated)
      throws IOException {
    var known = map.to(Kind.LOGGED_MODEL, model.id());
    if (known.isEmpty() && (place.existed() || map.uncertain(Kind.LOGGED_MODEL, model.id()))) {
      try {
        known = sink.findModel(place.id(), model.id());
      } catch (Refused refused) {
        if (!refused.unknownCall()) {
          throw refused;
        }
      }
      known.ifPresent(copy -> map.created(Kind.LOGGED_MODEL, model.id(), copy, null));
    }
    if (known.isEmpty()) {
      map.intend(Kind.LOGGED_MODEL, model.id());
      known = Optional.ofNullable(sink.beginModel(place.id(), translated));
      known.ifPresent(copy -> map.created(Kind.LOGGED_MODEL, model.id(), copy, null));
    }
    return known;
  }

  private LoggedModel translated(LoggedModel model) throws IOException {
    if (sink.keepsIds()) {
      return model;
    }
    var sourceRun = model.info().sourceRunId();
    List<Metric> metrics = new ArrayList<>();
    for (var metric : model.data().metrics()) {
      var run = metric.runId();
      var there = run == null || run.isEmpty() ? Optional.<String>empty() : parent(run);
      there.ifPresent(
          copy ->
              metrics.add(
                  new Metric(
                      metric.key(),
                      metric.value(),
                      metric.timestamp(),
                      metric.step(),
                      null,
                      metric.datasetName(),
                      metric.datasetDigest(),
                      copy)));
      if (there.isEmpty()) {
        report.leftOut(
            "metric %s of logged model %s".formatted(metric.key(), model.id()),
            "its run is not among what is copied");
      } else if (run != null) {
        // Logging to it opens it again: it is finished once more, with what it is in the source.
        map.undone(Kind.RUN, run);
      }
    }
    var from = sourceRun.isEmpty() ? Optional.<String>empty() : parent(sourceRun);
    return model.from(from.orElse(""), metrics);
  }

  // ---- registered models

  private void model(RegisteredModel model) throws IOException {
    var versions = source.versions(model);
    if (map.unchanged(Kind.MODEL, model.name(), print(List.of(model, versions)))) {
      return;
    }
    if (!sink.beginRegistered(model)) {
      return;
    }
    var whole = true;
    List<ModelVersion> there = new ArrayList<>();
    for (var version : versions) {
      var key = model.name() + "/" + version.version();
      var copied =
          carefully(
              "model " + model.name() + " version " + version.version(),
              () -> {
                var translated = translated(version);
                sink.version(translated);
                if (!map.done(Kind.VERSION, key)) {
                  report.add(Count.VERSIONS);
                }
                map.done(Kind.VERSION, key, print(version), "");
                there.add(translated);
              });
      whole &= copied;
    }
    sink.finishRegistered(model, there);
    if (whole) {
      map.done(Kind.MODEL, model.name(), print(List.of(model, versions)), "");
      report.add(Count.MODELS);
    }
  }

  /** A version with the run and the files it has on the other side. */
  private ModelVersion translated(ModelVersion version) throws IOException {
    Optional<Run> run = version.runId().isEmpty() ? Optional.empty() : source.run(version.runId());
    if (run.isPresent() && !map.done(Kind.RUN, version.runId())) {
      var experiment = source.experiment(run.get().info().experimentId());
      if (experiment.isPresent()) {
        run(experiment.get(), run.get());
      }
    }
    if (sink.keepsIds()) {
      return version;
    }
    var runThere = map.to(Kind.RUN, version.runId());
    var modelId = version.modelId();
    var modelThere =
        modelId == null ? Optional.<String>empty() : map.to(Kind.LOGGED_MODEL, modelId);
    return version.with(
        newSource(version, run, runThere), runThere.orElse(""), modelThere.orElse(null));
  }

  private String newSource(ModelVersion version, Optional<Run> run, Optional<String> runThere)
      throws IOException {
    var from = version.source();
    if (run.isPresent() && runThere.isPresent()) {
      var root = run.get().info().artifactUri();
      if (!root.isEmpty() && (from.equals(root) || from.startsWith(root + "/"))) {
        return sink.owner(false, "", runThere.get()).artifactUri() + from.substring(root.length());
      }
    }
    for (var scheme : List.of("runs:/", "models:/", "mlflow-artifacts:/")) {
      if (from.startsWith(scheme)) {
        return newSource(version, scheme, from.substring(scheme.length()));
      }
    }
    return from;
  }

  private String newSource(ModelVersion version, String scheme, String rest) throws IOException {
    var words = rest.replaceAll("^/+", "").split("/", 2);
    var tail = words.length > 1 ? "/" + words[1] : "";
    if (scheme.equals("runs:/")) {
      var run = map.to(Kind.RUN, words[0]);
      if (run.isPresent()) {
        return sink.owner(false, "", run.get()).artifactUri() + tail;
      }
    } else if (scheme.equals("models:/")) {
      var model = map.to(Kind.LOGGED_MODEL, words[0]);
      if (model.isPresent()) {
        return "models:/" + model.get() + tail;
      }
      if (!words[0].startsWith("m-")) {
        return version.source();
      }
    } else {
      var inside = insideModel(version.source());
      if (inside.isPresent()) {
        return inside.get();
      }
      report.leftOut(
          "the files of model %s version %s".formatted(version.name(), version.version()),
          "they are at %s, outside the copied runs; the copy names them on their own server"
              .formatted(version.source()));
      return version.source().startsWith("mlflow-artifacts://")
          ? version.source()
          : "mlflow-artifacts://" + authority() + "/" + rest.replaceAll("^/+", "");
    }
    report.leftOut(
        "the files of model %s version %s".formatted(version.name(), version.version()),
        "they are at %s, which is not among what is copied".formatted(version.source()));
    return version.source();
  }

  private String authority() {
    return Optional.ofNullable(java.net.URI.create(source.origin()).getAuthority()).orElse("");
  }

  /** `mlflow-artifacts:/1/models/m-…/artifacts` is a logged model's folder. */
  private Optional<String> insideModel(String from) throws IOException {
    var parts = from.split("/models/(?=m-)", 2);
    if (parts.length < 2) {
      return Optional.empty();
    }
    var words = parts[1].split("/artifacts", 2);
    var there = map.to(Kind.LOGGED_MODEL, words[0]);
    if (there.isEmpty() || words.length < 2) {
      return Optional.empty();
    }
    return Optional.of(sink.owner(true, "", there.get()).artifactUri() + words[1]);
  }
}
