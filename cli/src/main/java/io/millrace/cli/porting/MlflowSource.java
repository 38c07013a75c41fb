package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Experiment;
import io.millrace.cli.porting.Messages.FileInfo;
import io.millrace.cli.porting.Messages.LoggedModel;
import io.millrace.cli.porting.Messages.Metric;
import io.millrace.cli.porting.Messages.ModelVersion;
import io.millrace.cli.porting.Messages.RegisteredModel;
import io.millrace.cli.porting.Messages.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A running server of MLflow's REST API, from 2.0 on. What an older one does not know is empty: no
 * logged models, no prompts, histories in one answer.
 */
final class MlflowSource implements Source {

  private static final int RUNS = 100;
  private static final int EXPERIMENTS = 1000;
  private static final int VERSIONS = 1000;
  private static final int POINTS = 10_000;
  private static final int DEEPEST = 100;

  private final MlflowHttp http;

  MlflowSource(MlflowHttp http) {
    this.http = http;
  }

  @Override
  public String origin() {
    return http.base().toString();
  }

  @Override
  public Iterator<Experiment> experiments() {
    return new Paged<>(
        token -> {
          var body = asked(EXPERIMENTS, token);
          body.put("view_type", "ALL");
          var answer = http.send("POST", MlflowHttp.API + "/experiments/search", body);
          return page(answer, "experiments", Experiment.class);
        });
  }

  @Override
  public Optional<Experiment> experiment(String id) throws Trouble {
    return found("/experiments/get", Map.of("experiment_id", id), "experiment", Experiment.class);
  }

  @Override
  public Iterator<Run> runs(Experiment experiment, long since) {
    // The newest first: runs that start meanwhile move others to later pages, never out of sight.
    var runs =
        new Paged<>(
            token -> {
              var body = asked(RUNS, token);
              body.put("experiment_ids", List.of(experiment.experimentId()));
              body.put("run_view_type", "ALL");
              body.put("order_by", List.of("attributes.start_time DESC"));
              var answer = http.send("POST", MlflowHttp.API + "/runs/search", body);
              var page = page(answer, "runs", Run.class);
              var rest =
                  page.items().stream().filter(run -> run.info().startTime() >= since).toList();
              return new Paged.Page<>(rest, rest.size() < page.items().size() ? "" : page.next());
            });
    return runs;
  }

  @Override
  public Optional<Run> run(String id) throws Trouble {
    return found("/runs/get", Map.of("run_id", id), "run", Run.class);
  }

  private <T> Optional<T> found(String call, Map<String, String> query, String field, Class<T> type)
      throws Trouble {
    try {
      return Optional.of(Messages.read(http.get(MlflowHttp.API + call, query).path(field), type));
    } catch (Refused refused) {
      if (refused.missing() || refused.invalid()) {
        return Optional.empty();
      }
      throw refused;
    }
  }

  @Override
  public Iterator<Metric> history(Run run) {
    var keys = run.data().metrics().stream().map(Metric::key).iterator();
    return new Iterator<>() {
      private @Nullable History current;

      @Override
      public boolean hasNext() {
        while (current == null || !current.hasNext()) {
          if (!keys.hasNext()) {
            return false;
          }
          current = history(run.id(), keys.next());
        }
        return true;
      }

      @Override
      public Metric next() {
        if (!hasNext() || current == null) {
          throw new NoSuchElementException();
        }
        return current.next();
      }
    };
  }

  private History history(String runId, String key) {
    return new History(
        key,
        token -> {
          Map<String, String> query = new LinkedHashMap<>();
          query.put("run_id", runId);
          query.put("metric_key", key);
          query.put("max_results", Integer.toString(POINTS));
          if (!token.isEmpty()) {
            query.put("page_token", token);
          }
          return spooled(MlflowHttp.API + "/metrics/get-history", query);
        });
  }

  private Spool spooled(String call, Map<String, String> query) throws IOException {
    var text = new StringBuilder();
    query.forEach(
        (name, value) ->
            text.append(text.isEmpty() ? '?' : '&')
                .append(name)
                .append('=')
                .append(MlflowHttp.encode(value)));
    try (var content = http.open(http.at(call + text))) {
      return Spool.of(content.bytes());
    } catch (Trouble trouble) {
      throw trouble;
    } catch (IOException e) {
      throw new Trouble(call + " broke off: " + e.getMessage(), false);
    }
  }

  @Override
  public Iterator<LoggedModel> loggedModels(Experiment experiment) {
    return new Paged<>(
        token -> {
          var body = asked(50, token);
          body.put("experiment_ids", List.of(experiment.experimentId()));
          try {
            var answer = http.send("POST", MlflowHttp.API + "/logged-models/search", body);
            return page(answer, "models", LoggedModel.class);
          } catch (Refused refused) {
            if (refused.unknownCall()) {
              return new Paged.Page<>(List.of(), "");
            }
            throw refused;
          }
        });
  }

  @Override
  public Iterator<RegisteredModel> models() {
    return new Iterator<>() {
      private final Iterator<RegisteredModel> plain = models("");
      private final Iterator<RegisteredModel> prompts =
          models("tags.`mlflow.prompt.is_prompt` = 'true'");

      @Override
      public boolean hasNext() {
        return plain.hasNext() || prompts.hasNext();
      }

      @Override
      public RegisteredModel next() {
        return plain.hasNext() ? plain.next() : prompts.next();
      }
    };
  }

  private Iterator<RegisteredModel> models(String filter) {
    return new Paged<>(
        token -> {
          Map<String, String> query = new LinkedHashMap<>();
          query.put("max_results", "100");
          if (!filter.isEmpty()) {
            query.put("filter", filter);
          }
          if (!token.isEmpty()) {
            query.put("page_token", token);
          }
          try {
            var answer = http.get(MlflowHttp.API + "/registered-models/search", query);
            var page = page(answer, "registered_models", RegisteredModel.class);
            // Servers before prompts may answer the filter with models that merely have the tag.
            return new Paged.Page<>(
                page.items().stream().filter(model -> model.prompt() != filter.isEmpty()).toList(),
                page.next());
          } catch (Refused refused) {
            if (refused.unknownCall() || (refused.invalid() && !filter.isEmpty())) {
              return new Paged.Page<>(List.of(), "");
            }
            throw refused;
          }
        });
  }

  @Override
  public List<ModelVersion> versions(RegisteredModel model) throws Trouble {
    var quote = model.name().contains("'") ? "\"" : "'";
    var filter =
        "name = "
            + quote
            + model.name()
            + quote
            + (model.prompt() ? " AND tags.`mlflow.prompt.is_prompt` = 'true'" : "");
    var pages =
        new Paged<>(
            token -> {
              Map<String, String> query = new LinkedHashMap<>();
              query.put("filter", filter);
              query.put("max_results", Integer.toString(VERSIONS));
              if (!token.isEmpty()) {
                query.put("page_token", token);
              }
              var answer = http.get(MlflowHttp.API + "/model-versions/search", query);
              return page(answer, "model_versions", ModelVersion.class);
            });
    List<ModelVersion> versions = new ArrayList<>();
    try {
      pages.forEachRemaining(versions::add);
    } catch (UncheckedIOException e) {
      throw trouble(e);
    }
    versions.sort(Comparator.comparingInt(ModelVersion::number));
    return versions;
  }

  static Trouble trouble(UncheckedIOException e) {
    return e.getCause() instanceof Trouble trouble
        ? trouble
        : new Trouble(String.valueOf(e.getMessage()), false);
  }

  @Override
  public Iterator<FileEntry> files(Owner owner) {
    return new Walk(owner);
  }

  /** The files of a folder, folder by folder, holding one folder's listing at a time. */
  private final class Walk implements Iterator<FileEntry> {
    private final Owner owner;
    private final Deque<String> folders = new ArrayDeque<>();
    private Iterator<FileInfo> listing;
    private @Nullable FileEntry next;

    Walk(Owner owner) {
      this.owner = owner;
      this.listing = list(owner, "");
    }

    @Override
    public boolean hasNext() {
      while (next == null) {
        if (!listing.hasNext()) {
          if (folders.isEmpty()) {
            return false;
          }
          listing = list(owner, folders.pop());
          continue;
        }
        var entry = listing.next();
        if (!entry.isDir()) {
          next = new FileEntry(entry.path(), entry.fileSize() == null ? -1 : entry.fileSize());
        } else if (entry.path().chars().filter(c -> c == '/').count() < DEEPEST) {
          folders.push(entry.path());
        }
      }
      return true;
    }

    @Override
    public FileEntry next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      var entry = java.util.Objects.requireNonNull(next);
      next = null;
      return entry;
    }
  }

  /** One folder, with paths relative to the owner's root. */
  private Iterator<FileInfo> list(Owner owner, String folder) {
    return new Paged<>(
        token -> {
          Map<String, String> query = new LinkedHashMap<>();
          if (!token.isEmpty()) {
            query.put("page_token", token);
          }
          if (owner.model()) {
            var root = Proxied.of(owner.artifactUri());
            if (root != null && root.server().isEmpty()) {
              query.put("path", join(root.path(), folder));
              return page(inside(folder, http.get(MlflowHttp.PROXY, query)));
            }
            query.put("artifact_directory_path", folder);
            var call = MlflowHttp.API + "/logged-models/" + MlflowHttp.encode(owner.id());
            return page(http.get(call + "/artifacts/directories", query));
          }
          query.put("run_id", owner.id());
          if (!folder.isEmpty()) {
            query.put("path", folder);
          }
          return page(http.get(MlflowHttp.API + "/artifacts/list", query));
        });
  }

  private static Paged.Page<FileInfo> page(JsonNode answer) {
    return page(answer, "files", FileInfo.class);
  }

  /** The proxy lists base names. */
  private static JsonNode inside(String folder, JsonNode answer) {
    for (var file : answer.path("files")) {
      if (file instanceof tools.jackson.databind.node.ObjectNode entry) {
        entry.put("path", join(folder, file.path("path").asString("")));
      }
    }
    return answer;
  }

  private static String join(String folder, String name) {
    return folder.isEmpty() || name.isEmpty() ? folder + name : folder + "/" + name;
  }

  @Override
  public MlflowHttp.Content open(Owner owner, FileEntry file) throws IOException {
    return http.open(address(owner, file.path()));
  }

  /**
   * Through the artifact proxy where the files are behind it, else the download that the server's
   * own web page uses, which reaches every store the server itself reaches.
   */
  private URI address(Owner owner, String path) {
    var root = Proxied.of(owner.artifactUri());
    if (root != null) {
      var proxied = MlflowHttp.PROXY + "/" + MlflowHttp.encodePath(join(root.path(), path));
      return root.server().isEmpty()
          ? http.at(proxied)
          : URI.create(http.base().getScheme() + "://" + root.server() + proxied);
    }
    if (owner.model()) {
      return http.at(
          "/ajax-api/2.0/mlflow/logged-models/%s/artifacts/files?artifact_file_path=%s"
              .formatted(MlflowHttp.encode(owner.id()), MlflowHttp.encode(path)));
    }
    return http.at(
        "/get-artifact?run_id=%s&path=%s"
            .formatted(MlflowHttp.encode(owner.id()), MlflowHttp.encode(path)));
  }

  private static Map<String, Object> asked(int most, String token) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("max_results", most);
    if (!token.isEmpty()) {
      body.put("page_token", token);
    }
    return body;
  }

  private static <T> Paged.Page<T> page(JsonNode answer, String field, Class<T> type) {
    return new Paged.Page<>(
        Messages.list(answer, field, type), answer.path("next_page_token").asString(""));
  }

  @Override
  public void close() {
    http.close();
  }
}
