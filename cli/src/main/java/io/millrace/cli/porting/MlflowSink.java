package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Alias;
import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import io.millrace.cli.porting.Messages.Tag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Writes copies through MLflow's REST API. Copies have ids of their own and carry where they are
 * from as tags, by which they are found again when a state file is lost or a call got no answer.
 */
final class MlflowSink implements Sink {

  static final String SOURCE = "millrace.import.source";
  static final String RUN = "millrace.import.run_id";
  static final String EXPERIMENT = "millrace.import.experiment_id";
  static final String MODEL = "millrace.import.model_id";
  static final String VERSION = "millrace.import.version";
  static final String CREATED = "millrace.import.creation_time";
  static final String USER = "millrace.import.user";
  static final String STATUS = "millrace.import.status";
  static final String ORIGINAL_SOURCE = "millrace.import.version_source";
  private static final String RUN_NAME = "mlflow.runName";

  private static final int METRICS = 1000;
  private static final int PARAMS = 100;
  private static final int PAGE = 100;
  private static final int LONGEST_PARAM = 6000;
  private static final int LONGEST_TAG = 8000;

  private final MlflowHttp http;
  private final String origin;
  private final Report report;
  private final Map<String, String> artifactRoots = new ConcurrentHashMap<>();

  MlflowSink(MlflowHttp http, String origin, Report report) {
    this.http = http;
    this.origin = origin;
    this.report = report;
  }

  @Override
  public String address() {
    return http.base().toString();
  }

  @Override
  public boolean keepsIds() {
    return false;
  }

  private JsonNode post(String call, Map<String, ?> body) throws Trouble {
    return http.send("POST", MlflowHttp.API + call, body);
  }

  @Override
  public Place place(Experiment experiment) throws Trouble {
    var there = named(experiment.name());
    if (there == null) {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("name", experiment.name());
      Map<String, String> tags = Tag.map(experiment.tags());
      tags.put(SOURCE, origin);
      tags.put(EXPERIMENT, experiment.experimentId());
      tags.put(CREATED, Long.toString(experiment.creationTime()));
      body.put("tags", Tag.list(tags));
      JsonNode answer;
      try {
        answer =
            http.once(
                MlflowHttp.API + "/experiments/create",
                body,
                () -> {
                  var made = named(experiment.name());
                  return made == null
                      ? null
                      : Messages.JSON.createObjectNode().put("experiment_id", made.experimentId());
                });
      } catch (Refused refused) {
        if (refused.exists()) {
          return place(experiment);
        }
        throw refused;
      }
      return new Place(answer.path("experiment_id").asString(), false, false);
    }
    var tags = Tag.map(there.tags());
    var own =
        origin.equals(tags.get(SOURCE)) && experiment.experimentId().equals(tags.get(EXPERIMENT));
    if (!own && there.deleted()) {
      throw new Refused(
          400,
          "INVALID_STATE",
          "an experiment of this name was deleted there; restore or rename it");
    }
    return new Place(there.experimentId(), !own, true);
  }

  private @Nullable Experiment named(String name) throws Trouble {
    try {
      return Messages.read(
          http.get(MlflowHttp.API + "/experiments/get-by-name", Map.of("experiment_name", name))
              .path("experiment"),
          Experiment.class);
    } catch (Refused refused) {
      if (refused.missing()) {
        return null;
      }
      throw refused;
    }
  }

  private Experiment experiment(String id) throws Trouble {
    return Messages.read(
        http.get(MlflowHttp.API + "/experiments/get", Map.of("experiment_id", id))
            .path("experiment"),
        Experiment.class);
  }

  @Override
  public boolean open(Place place, Experiment experiment) throws Trouble {
    var there = experiment(place.id());
    if (!there.deleted()) {
      return false;
    }
    if (place.merged()) {
      throw new Refused(400, "INVALID_STATE", "the experiment was deleted there; restore it");
    }
    post("/experiments/restore", Map.of("experiment_id", place.id()));
    return true;
  }

  @Override
  public void finish(Place place, Experiment experiment) throws Trouble {
    var there = experiment(place.id());
    if (place.merged()) {
      return;
    }
    var missing = Tag.map(experiment.tags());
    Tag.map(there.tags()).forEach(missing::remove);
    if (!there.deleted()) {
      for (var tag : missing.entrySet()) {
        Map<String, String> body = new LinkedHashMap<>();
        body.put("experiment_id", place.id());
        body.put("key", tag.getKey());
        body.put("value", tag.getValue());
        post("/experiments/set-experiment-tag", body);
      }
      if (!there.name().equals(experiment.name())) {
        post(
            "/experiments/update",
            Map.of("experiment_id", place.id(), "new_name", experiment.name()));
      }
      if (experiment.deleted()) {
        post("/experiments/delete", Map.of("experiment_id", place.id()));
      }
    }
  }

  @Override
  public Map<String, String> copies(String experimentId) throws Trouble {
    Map<String, String> copies = new LinkedHashMap<>();
    for (var runs = search(experimentId, "tags.`%s` = '%s'".formatted(SOURCE, origin));
        runs.hasNext(); ) {
      var run = runs.next();
      var tags = run.tags();
      var original = tags.get(RUN);
      if (original != null && origin.equals(tags.get(SOURCE))) {
        copies.put(original, run.id());
      }
    }
    return copies;
  }

  @Override
  public Optional<String> findRun(String experimentId, String originalId) throws Trouble {
    var filter = "tags.`%s` = '%s' AND tags.`%s` = '%s'".formatted(SOURCE, origin, RUN, originalId);
    for (var runs = search(experimentId, filter); runs.hasNext(); ) {
      var run = runs.next();
      if (originalId.equals(run.tags().get(RUN)) && origin.equals(run.tags().get(SOURCE))) {
        return Optional.of(run.id());
      }
    }
    return Optional.empty();
  }

  /** Runs by filter; where the server does not filter, all of them. */
  private Iterator<Run> search(String experimentId, String filter) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("experiment_ids", List.of(experimentId));
    body.put("run_view_type", "ALL");
    body.put("max_results", PAGE);
    body.put("filter", filter);
    return searched("/runs/search", body, "runs", Run.class);
  }

  private <T> Iterator<T> searched(
      String call, Map<String, Object> query, String field, Class<T> type) {
    return new Paged<>(
        token -> {
          Map<String, Object> body = new LinkedHashMap<>(query);
          if (!token.isEmpty()) {
            body.put("page_token", token);
          }
          JsonNode answer;
          try {
            answer = post(call, body);
          } catch (Refused refused) {
            if (!refused.invalid()) {
              throw refused;
            }
            query.remove("filter");
            body.remove("filter");
            answer = post(call, body);
          }
          return new Paged.Page<>(
              Messages.list(answer, field, type), answer.path("next_page_token").asString(""));
        });
  }

  @Override
  public String beginRun(String experimentId, Run run) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("experiment_id", experimentId);
    body.put("user_id", run.info().userId());
    body.put("start_time", run.info().startTime());
    if (!run.info().runName().isEmpty()) {
      body.put("run_name", run.info().runName());
    }
    body.put("tags", List.of(new Tag(SOURCE, origin), new Tag(RUN, run.id())));
    var answer =
        http.once(
            MlflowHttp.API + "/runs/create",
            body,
            () -> {
              var made = findRun(experimentId, run.id());
              return made.isEmpty() ? null : runs(made.get());
            });
    var created = Messages.read(answer.path("run"), Run.class);
    artifactRoots.put(created.id(), created.info().artifactUri());
    return created.id();
  }

  private JsonNode runs(String id) throws Trouble {
    return http.get(MlflowHttp.API + "/runs/get", Map.of("run_id", id));
  }

  private Run run(String id) throws Trouble {
    return Messages.read(runs(id).path("run"), Run.class);
  }

  @Override
  public void reopenRun(String id) throws Trouble {
    post("/runs/restore", Map.of("run_id", id));
  }

  @Override
  public void history(String experimentId, String id, Iterator<Metric> points) throws Trouble {
    List<Metric> batch = new ArrayList<>(METRICS);
    try {
      while (points.hasNext()) {
        batch.add(points.next());
        if (batch.size() == METRICS || !points.hasNext()) {
          log(id, "metrics", batch, metric -> "metric " + metric.key());
          batch = new ArrayList<>(METRICS);
        }
      }
    } catch (UncheckedIOException e) {
      throw MlflowSource.trouble(e);
    }
  }

  /** A batch; what the server refuses is found by halving, and everything else goes in. */
  private <T> void log(
      String run, String field, List<T> items, java.util.function.Function<T, String> name)
      throws Trouble {
    if (items.isEmpty()) {
      return;
    }
    try {
      post("/runs/log-batch", Map.of("run_id", run, field, items));
    } catch (Refused refused) {
      if (!refused.invalid()) {
        throw refused;
      }
      if (items.size() == 1) {
        report.leftOut(
            "%s of run %s".formatted(name.apply(items.getFirst()), run), refused.getMessage());
        return;
      }
      log(run, field, items.subList(0, items.size() / 2), name);
      log(run, field, items.subList(items.size() / 2, items.size()), name);
    }
  }

  private <T> void inParts(
      String run, String field, List<T> items, java.util.function.Function<T, String> name)
      throws Trouble {
    for (int from = 0; from < items.size(); from += PARAMS) {
      log(run, field, items.subList(from, Math.min(items.size(), from + PARAMS)), name);
    }
  }

  @Override
  public void finishRun(String experimentId, String id, Run run, List<StoredFile> files)
      throws Trouble {
    cut("parameter", run, run.data().params(), LONGEST_PARAM);
    cut("tag", run, run.data().tags(), LONGEST_TAG);
    inParts(id, "params", run.data().params(), param -> "parameter " + param.key());
    Map<String, String> tags = run.tags();
    if (!run.info().runName().isEmpty()) {
      tags.put(RUN_NAME, run.info().runName());
    }
    tags.put(SOURCE, origin);
    tags.put(RUN, run.id());
    inParts(id, "tags", Tag.list(tags), tag -> "tag " + tag.key());
    inputs(id, run);
    outputs(id, run);
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("run_id", id);
    if (!run.info().status().isEmpty()) {
      end.put("status", run.info().status());
    }
    var ended = run.info().endTime();
    if (ended != null && ended != 0) {
      end.put("end_time", ended);
    }
    post("/runs/update", end);
    if (run.deleted()) {
      post("/runs/delete", Map.of("run_id", id));
    }
  }

  private void cut(String what, Run run, List<Tag> values, int longest) {
    for (var value : values) {
      if (value.value().length() > longest) {
        report.leftOut(
            "the end of %s %s of run %s".formatted(what, value.key(), run.id()),
            "it has more than %d characters".formatted(longest));
      }
    }
  }

  private void inputs(String id, Run run) throws Trouble {
    var inputs = run.inputs();
    if (inputs.datasetInputs().isEmpty() && inputs.modelInputs().isEmpty()) {
      return;
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("run_id", id);
    body.put("datasets", inputs.datasetInputs());
    if (!inputs.modelInputs().isEmpty()) {
      body.put("models", inputs.modelInputs());
    }
    orLeaveOut("the inputs of run " + run.id(), () -> post("/runs/log-inputs", body));
  }

  private void outputs(String id, Run run) throws Trouble {
    if (run.outputs().modelOutputs().isEmpty()) {
      return;
    }
    var missing = new ArrayList<>(run.outputs().modelOutputs());
    missing.removeAll(run(id).outputs().modelOutputs());
    if (!missing.isEmpty()) {
      orLeaveOut(
          "the outputs of run " + run.id(),
          () -> post("/runs/outputs", Map.of("run_id", id, "models", missing)));
    }
  }

  @FunctionalInterface
  private interface Call {
    JsonNode send() throws Trouble;
  }

  private boolean orLeaveOut(String what, Call call) throws Trouble {
    try {
      call.send();
      return true;
    } catch (Refused refused) {
      report.leftOut(what, String.valueOf(refused.getMessage()));
      return false;
    }
  }

  @Override
  public Optional<String> findModel(String experimentId, String originalId) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("experiment_ids", List.of(experimentId));
    body.put("max_results", 50);
    body.put(
        "filter",
        "tags.`%s` = '%s' AND tags.`%s` = '%s'".formatted(SOURCE, origin, MODEL, originalId));
    for (var models = searched("/logged-models/search", body, "models", LoggedModel.class);
        models.hasNext(); ) {
      var model = models.next();
      var tags = Tag.map(model.info().tags());
      if (originalId.equals(tags.get(MODEL)) && origin.equals(tags.get(SOURCE))) {
        return Optional.of(model.id());
      }
    }
    return Optional.empty();
  }

  @Override
  public @Nullable String beginModel(String experimentId, LoggedModel model) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("experiment_id", experimentId);
    body.put("name", model.info().name());
    body.put("model_type", model.info().modelType());
    body.put("source_run_id", model.info().sourceRunId());
    body.put("params", model.data().params());
    var tags = Tag.map(model.info().tags());
    tags.put(SOURCE, origin);
    tags.put(MODEL, model.id());
    tags.put(CREATED, Long.toString(model.info().creationTimestampMs()));
    body.put("tags", Tag.list(tags));
    try {
      var answer =
          http.once(
              MlflowHttp.API + "/logged-models",
              body,
              () -> {
                var made = findModel(experimentId, model.id());
                return made.isEmpty() ? null : model(made.get());
              });
      var created = Messages.read(answer.path("model"), LoggedModel.class);
      artifactRoots.put(created.id(), created.info().artifactUri());
      return created.id();
    } catch (Refused refused) {
      if (refused.unknownCall()) {
        return null;
      }
      throw refused;
    }
  }

  private JsonNode model(String id) throws Trouble {
    return http.get(MlflowHttp.API + "/logged-models/" + MlflowHttp.encode(id), Map.of());
  }

  @Override
  public void finishModel(String experimentId, String id, LoggedModel model, List<StoredFile> files)
      throws Trouble {
    Map<String, List<Metric>> byRun = new LinkedHashMap<>();
    for (var metric : model.data().metrics()) {
      var run = metric.runId();
      if (run == null || run.isEmpty()) {
        report.leftOut(
            "metric %s of logged model %s".formatted(metric.key(), model.id()),
            "its run is not copied");
      } else {
        byRun.computeIfAbsent(run, unused -> new ArrayList<>()).add(metric.ofModel(id));
      }
    }
    for (var metrics : byRun.entrySet()) {
      reopenRun(metrics.getKey());
      inParts(metrics.getKey(), "metrics", metrics.getValue(), metric -> "metric " + metric.key());
    }
    var path = "/logged-models/" + MlflowHttp.encode(id);
    if (!model.info().tags().isEmpty()) {
      http.send("PATCH", MlflowHttp.API + path + "/tags", Map.of("tags", model.info().tags()));
    }
    if (!model.info().status().isEmpty()) {
      http.send(
          "PATCH", MlflowHttp.API + path, Map.of("model_id", id, "status", model.info().status()));
    }
  }

  @Override
  public Source.Owner owner(boolean model, String experimentId, String id) throws Trouble {
    var root = artifactRoots.get(id);
    if (root == null) {
      root =
          model
              ? Messages.read(model(id).path("model"), LoggedModel.class).info().artifactUri()
              : run(id).info().artifactUri();
      artifactRoots.put(id, root);
    }
    return new Source.Owner(model, id, experimentId, root);
  }

  private String path(Source.Owner owner, String path) {
    var root = Proxied.of(owner.artifactUri());
    if (root == null || !root.server().isEmpty()) {
      throw new PortingFailure(
          "%s keeps artifacts at %s, outside its artifact proxy: they cannot be copied there."
              .formatted(address(), owner.artifactUri()));
    }
    return root.path() + "/" + path;
  }

  @Override
  public StoredFile put(Source.Owner owner, String path, Opener original) throws IOException {
    var to = path(owner, path);
    var passed = new AtomicReference<Measured>();
    try {
      send(to, original, passed);
    } finally {
      close(passed.get());
    }
    var stored = Objects.requireNonNull(passed.get()).stored(path);
    var there = digest(to);
    if (!there.equals(stored.sha256())) {
      throw new Trouble(
          "%s was stored with SHA-256 %s, sent was %s".formatted(to, there, stored.sha256()),
          false);
    }
    return stored;
  }

  private static void close(@Nullable Measured bytes) throws IOException {
    if (bytes != null) {
      bytes.close();
    }
  }

  private void send(String to, Opener original, AtomicReference<Measured> passed)
      throws IOException {
    http.put(
        to,
        request -> {
          close(passed.get());
          var content = original.open();
          var measured = new Measured(content);
          passed.set(measured);
          if (!content.sha256().isEmpty()) {
            request.header("Repr-Digest", Sha256.header(content.sha256()));
          }
          return request
              .header("Content-Type", "application/octet-stream")
              .PUT(publisher(measured, content.size()));
        });
  }

  private static BodyPublisher publisher(Measured bytes, long size) throws IOException {
    if (size == 0) {
      // Read to the end all the same: an empty body is checked like any other.
      return BodyPublishers.ofByteArray(bytes.readAllBytes());
    }
    var stream = BodyPublishers.ofInputStream(() -> bytes);
    return size < 0 ? stream : BodyPublishers.fromPublisher(stream, size);
  }

  /** The stored digest as the server says it, else by reading the bytes back. */
  private String digest(String path) throws IOException {
    var said = http.storedDigest(path);
    if (!said.isEmpty()) {
      return said;
    }
    try (var back = http.open(http.at(MlflowHttp.PROXY + "/" + MlflowHttp.encodePath(path)))) {
      return Sha256.of(back.bytes());
    }
  }

  @Override
  public boolean holds(Source.Owner owner, StoredFile file) throws Trouble {
    return true;
  }

  @Override
  public boolean beginRegistered(RegisteredModel model) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("name", model.name());
    body.put("description", model.description());
    var tags = Tag.map(model.tags());
    tags.put(SOURCE, origin);
    tags.put(CREATED, Long.toString(model.creationTimestamp()));
    body.put("tags", Tag.list(tags));
    try {
      http.once(
          MlflowHttp.API + "/registered-models/create",
          body,
          () -> {
            var made = registered(model.name());
            return made == null || !own(made) ? null : Messages.JSON.createObjectNode();
          });
      return true;
    } catch (Refused refused) {
      if (!refused.exists()) {
        throw refused;
      }
      var there = registered(model.name());
      if (there != null && own(there)) {
        return true;
      }
      report.leftOut(
          "registered model " + model.name(),
          "a model of this name is there already and is not a copy from this source");
      return false;
    }
  }

  private boolean own(RegisteredModel model) {
    return origin.equals(Tag.map(model.tags()).get(SOURCE));
  }

  private @Nullable RegisteredModel registered(String name) throws Trouble {
    try {
      return Messages.read(
          http.get(MlflowHttp.API + "/registered-models/get", Map.of("name", name))
              .path("registered_model"),
          RegisteredModel.class);
    } catch (Refused refused) {
      if (refused.missing()) {
        return null;
      }
      throw refused;
    }
  }

  private Optional<ModelVersion> there(String name, String version) throws Trouble {
    try {
      return Optional.of(
          Messages.read(
              http.get(
                      MlflowHttp.API + "/model-versions/get",
                      Map.of("name", name, "version", version))
                  .path("model_version"),
              ModelVersion.class));
    } catch (Refused refused) {
      if (refused.missing()) {
        return Optional.empty();
      }
      throw refused;
    }
  }

  @Override
  public void version(ModelVersion version) throws Trouble {
    sweep(version);
    var there = there(version.name(), version.version());
    if (there.isEmpty()) {
      add(version);
    } else if (!version.version().equals(Tag.map(there.get().tags()).get(VERSION))) {
      throw new Refused(
          400, "RESOURCE_CONFLICT", "a version of this number is there and is not its copy");
    }
    Map<String, Object> key = new LinkedHashMap<>();
    key.put("name", version.name());
    key.put("version", version.version());
    if (there.isPresent()) {
      Map<String, Object> body = new LinkedHashMap<>(key);
      body.put("description", version.description());
      http.send("PATCH", MlflowHttp.API + "/model-versions/update", body);
      var missing = Tag.map(version.tags());
      Tag.map(there.get().tags()).forEach(missing::remove);
      for (var tag : missing.entrySet()) {
        Map<String, Object> set = new LinkedHashMap<>(key);
        set.put("key", tag.getKey());
        set.put("value", tag.getValue());
        post("/model-versions/set-tag", set);
      }
    }
    var stage = version.currentStage();
    var stageThere = there.map(ModelVersion::currentStage).orElse("None");
    if (!stage.isEmpty() && !stage.equals(stageThere)) {
      key.put("stage", stage);
      key.put("archive_existing_versions", false);
      orLeaveOut(
          "stage %s of model %s version %s".formatted(stage, version.name(), version.version()),
          () -> post("/model-versions/transition-stage", key));
    }
  }

  private static boolean isPlaceholder(ModelVersion version) {
    var copied = Tag.map(version.tags()).get(VERSION);
    return copied != null && !copied.equals(version.version());
  }

  /**
   * Versions are numbered by the server. Numbers that the source has given to versions it deleted
   * are used up by making and deleting as many here.
   */
  private void add(ModelVersion version) throws Trouble {
    while (true) {
      var number = create(version);
      if (number == version.number()) {
        return;
      }
      http.send(
          "DELETE",
          MlflowHttp.API + "/model-versions/delete",
          Map.of("name", version.name(), "version", Integer.toString(number)));
      if (number > version.number()) {
        throw new Refused(
            400, "RESOURCE_CONFLICT", "its number was given to a deleted version there");
      }
      report.add(Report.Count.GAPS);
    }
  }

  private int create(ModelVersion version) throws Trouble {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("name", version.name());
    body.put("source", version.source());
    body.put("run_id", version.runId());
    body.put("run_link", version.runLink());
    body.put("description", version.description());
    if (version.modelId() != null && !version.modelId().isEmpty()) {
      body.put("model_id", version.modelId());
    }
    var tags = Tag.map(version.tags());
    tags.put(SOURCE, origin);
    tags.put(VERSION, version.version());
    tags.put(CREATED, Long.toString(version.creationTimestamp()));
    if (!version.userId().isEmpty()) {
      tags.put(USER, version.userId());
    }
    if (!version.status().isEmpty() && !version.status().equals("READY")) {
      tags.put(STATUS, version.status());
    }
    body.put("tags", Tag.list(tags));
    JsonNode answer;
    try {
      answer = createOnce(version, body);
    } catch (Refused refused) {
      if (!refused.invalid() || !String.valueOf(refused.getMessage()).contains("source")) {
        throw refused;
      }
      // A path on the source's own disk means nothing here; the version is kept all the same.
      tags.put(ORIGINAL_SOURCE, version.source());
      body.put("tags", Tag.list(tags));
      body.put("source", "millrace-import:/unavailable");
      report.leftOut(
          "the files of model %s version %s".formatted(version.name(), version.version()),
          "they are at %s, outside the copied runs".formatted(version.source()));
      answer = createOnce(version, body);
    }
    return Messages.read(answer.path("model_version"), ModelVersion.class).number();
  }

  private JsonNode createOnce(ModelVersion version, Map<String, ?> body) throws Trouble {
    return http.once(
        MlflowHttp.API + "/model-versions/create",
        body,
        () -> {
          for (var there : versions(version.name())) {
            if (version.version().equals(Tag.map(there.tags()).get(VERSION))) {
              return Messages.JSON
                  .createObjectNode()
                  .set("model_version", Messages.JSON.valueToTree(there));
            }
          }
          return null;
        });
  }

  private final Set<String> swept = ConcurrentHashMap.newKeySet();

  /** Removes what a kill left between making a number up and deleting it. */
  private void sweep(ModelVersion version) throws Trouble {
    if (!swept.add(version.name())) {
      return;
    }
    for (var there : versions(version.name())) {
      if (isPlaceholder(there) && origin.equals(Tag.map(there.tags()).get(SOURCE))) {
        http.send(
            "DELETE",
            MlflowHttp.API + "/model-versions/delete",
            Map.of("name", there.name(), "version", there.version()));
      }
    }
  }

  private List<ModelVersion> versions(String name) throws Trouble {
    var found = registered(name);
    return found == null ? List.of() : new MlflowSource(http).versions(found);
  }

  @Override
  public void finishRegistered(RegisteredModel model, List<ModelVersion> versions) throws Trouble {
    var there = registered(model.name());
    if (there == null) {
      throw new Trouble("registered model " + model.name() + " is gone", false);
    }
    if (!there.description().equals(model.description())) {
      http.send(
          "PATCH",
          MlflowHttp.API + "/registered-models/update",
          Map.of("name", model.name(), "description", model.description()));
    }
    var missing = Tag.map(model.tags());
    Tag.map(there.tags()).forEach(missing::remove);
    for (var tag : missing.entrySet()) {
      var set = Map.of("name", model.name(), "key", tag.getKey(), "value", tag.getValue());
      orLeaveOut(
          "tag %s of model %s".formatted(tag.getKey(), model.name()),
          () -> post("/registered-models/set-tag", set));
    }
    var aliases = new TreeMap<String, String>();
    model.aliases().forEach(alias -> aliases.put(alias.alias(), alias.version()));
    for (var version : versions) {
      version.aliases().forEach(alias -> aliases.put(alias, version.version()));
    }
    var known = new HashSet<>(there.aliases());
    for (var alias : aliases.entrySet()) {
      if (known.contains(new Alias(alias.getKey(), alias.getValue()))) {
        continue;
      }
      var set = Map.of("name", model.name(), "alias", alias.getKey(), "version", alias.getValue());
      orLeaveOut(
          "alias %s of model %s".formatted(alias.getKey(), model.name()),
          () -> post("/registered-models/alias", set));
    }
  }

  @Override
  public void complete(Report unused) {
    // Every call has its effect at once.
  }

  @Override
  public void close() {
    http.close();
  }
}
