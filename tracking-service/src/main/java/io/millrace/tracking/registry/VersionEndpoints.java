package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.idempotency.Idempotency;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.registry.ModelVersions.NewVersion;
import io.millrace.tracking.registry.RegistryMessages.DownloadUri;
import io.millrace.tracking.registry.RegistryMessages.Empty;
import io.millrace.tracking.registry.RegistryMessages.OneVersion;
import io.millrace.tracking.registry.RegistryMessages.VersionMessage;
import io.millrace.tracking.registry.RegistryMessages.Versions;
import io.millrace.tracking.registry.RegistrySearch.Found;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's calls about model versions. */
@MlflowApi
class VersionEndpoints {

  private static final int LARGEST_PAGE = 200_000;

  /** A page never has more; who asked for more gets a token. */
  private static final int USUAL_PAGE = 10_000;

  private static final int LONGEST_SOURCE = 8192;
  private static final int LONGEST_LINK = 8192;

  /** So that an index can hold it. */
  private static final int LONGEST_RUN_ID = 256;

  private final Database database;
  private final ModelVersions versions;
  private final ModelSources sources;
  private final Registrar registrar;
  private final RegistrySearch search;
  private final Idempotency idempotency;

  VersionEndpoints(
      Database database,
      ModelVersions versions,
      ModelSources sources,
      Registrar registrar,
      RegistrySearch search,
      Idempotency idempotency) {
    this.database = database;
    this.versions = versions;
    this.sources = sources;
    this.registrar = registrar;
    this.search = search;
    this.idempotency = idempotency;
  }

  @PostMapping("/model-versions/create")
  ResponseEntity<byte[]> create(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String source = Names.limited(message.required("source"), "source", LONGEST_SOURCE);
    String description = RegistryMessages.description(message);
    String runId = Names.limited(message.textOrEmpty("run_id"), "run_id", LONGEST_RUN_ID);
    String runLink = Names.limited(message.textOrEmpty("run_link"), "run_link", LONGEST_LINK);
    SortedMap<String, String> tags = RegistryMessages.tags(message);
    boolean prompt = "true".equals(tags.get(RegisteredModel.PROMPT_TAG));
    Change change = Change.of(request);
    return idempotency.once(
        request,
        message,
        tx ->
            OneVersion.of(
                registrar.addVersion(
                    tx,
                    new NewVersion(
                        name,
                        source,
                        prompt && ModelSource.plainText(source)
                            ? null
                            : sources.location(tx, source, runId),
                        description,
                        runId.isEmpty() ? sources.run(tx, source) : runId,
                        runLink,
                        change.by().equals(Change.NOBODY) ? "" : change.by(),
                        null,
                        null),
                    tags,
                    change)));
  }

  @GetMapping("/model-versions/get")
  OneVersion get(MlflowMessage message) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    return OneVersion.of(database.read(tx -> versions.get(tx, name, version)));
  }

  @PatchMapping("/model-versions/update")
  OneVersion update(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    String description = RegistryMessages.description(message);
    return changed(
        name,
        version,
        tx -> registrar.describeVersion(tx, name, version, description, Change.of(request)));
  }

  @PostMapping("/model-versions/transition-stage")
  OneVersion transition(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    Stage stage = Stage.of(message.required("stage"));
    boolean archive = message.flag("archive_existing_versions");
    return changed(
        name,
        version,
        tx -> registrar.transition(tx, name, version, stage, archive, Change.of(request)));
  }

  @DeleteMapping("/model-versions/delete")
  Empty delete(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    return done(tx -> registrar.deleteVersion(tx, name, version, Change.of(request)));
  }

  @GetMapping("/model-versions/search")
  Versions search(MlflowMessage message) {
    Found<ModelVersion> found =
        search.versions(
            message,
            Math.min(USUAL_PAGE, RegistrySearch.limit(message, LARGEST_PAGE, LARGEST_PAGE)));
    return new Versions(
        found.items().stream().map(VersionMessage::of).toList(), found.nextPageToken());
  }

  @GetMapping("/model-versions/get-download-uri")
  DownloadUri downloadUri(MlflowMessage message) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    return database.read(
        tx -> new DownloadUri(sources.download(tx, versions.get(tx, name, version))));
  }

  @PostMapping("/model-versions/set-tag")
  Empty setTag(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    String key = RegistryMessages.key(message);
    String value = RegistryMessages.value(message);
    return done(tx -> registrar.setVersionTag(tx, name, version, key, value, Change.of(request)));
  }

  @DeleteMapping("/model-versions/delete-tag")
  Empty deleteTag(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    int version = RegistryMessages.version(message);
    String key = message.required("key");
    return done(tx -> registrar.deleteVersionTag(tx, name, version, key, Change.of(request)));
  }

  private OneVersion changed(String name, int version, Consumer<Tx> change) {
    return OneVersion.of(
        database.inTransaction(
            tx -> {
              change.accept(tx);
              return versions.get(tx, name, version);
            }));
  }

  private Empty done(Consumer<Tx> change) {
    database.inTransactionVoid(change);
    return new Empty();
  }
}
