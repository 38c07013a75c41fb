package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.idempotency.Idempotency;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.registry.RegistryMessages.Empty;
import io.millrace.tracking.registry.RegistryMessages.ModelMessage;
import io.millrace.tracking.registry.RegistryMessages.Models;
import io.millrace.tracking.registry.RegistryMessages.OneModel;
import io.millrace.tracking.registry.RegistryMessages.OneVersion;
import io.millrace.tracking.registry.RegistryMessages.VersionMessage;
import io.millrace.tracking.registry.RegistryMessages.Versions;
import io.millrace.tracking.registry.RegistrySearch.Found;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/** MLflow's calls about registered models. */
@MlflowApi
class ModelEndpoints {

  private static final List<Stage> STAGES = List.of(Stage.values());
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;

  private final Database database;
  private final RegisteredModels models;
  private final ModelVersions versions;
  private final Registrar registrar;
  private final RegistrySearch search;
  private final Idempotency idempotency;

  ModelEndpoints(
      Database database,
      RegisteredModels models,
      ModelVersions versions,
      Registrar registrar,
      RegistrySearch search,
      Idempotency idempotency) {
    this.database = database;
    this.models = models;
    this.versions = versions;
    this.registrar = registrar;
    this.search = search;
    this.idempotency = idempotency;
  }

  @PostMapping("/registered-models/create")
  ResponseEntity<byte[]> create(MlflowMessage message, ServerHttpRequest request) {
    String name = RegistryMessages.newName(message, "name");
    String description = RegistryMessages.description(message);
    SortedMap<String, String> tags = RegistryMessages.tags(message);
    Change change = Change.of(request);
    return idempotency.once(
        request,
        message,
        tx -> {
          if (!registrar.create(tx, name, description, tags, change)) {
            throw RegisteredModels.exists(name);
          }
          return whole(tx, name);
        });
  }

  @GetMapping("/registered-models/get")
  OneModel get(MlflowMessage message) {
    String name = message.required("name");
    return database.read(tx -> whole(tx, name));
  }

  @PatchMapping("/registered-models/update")
  OneModel update(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String description = RegistryMessages.description(message);
    return changed(name, tx -> registrar.describe(tx, name, description, Change.of(request)));
  }

  @PostMapping("/registered-models/rename")
  OneModel rename(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String newName = RegistryMessages.newName(message, "new_name");
    return changed(newName, tx -> registrar.rename(tx, name, newName, Change.of(request)));
  }

  @DeleteMapping("/registered-models/delete")
  Empty delete(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    return done(tx -> registrar.delete(tx, name, Change.of(request)));
  }

  @GetMapping("/registered-models/search")
  Models search(MlflowMessage message) {
    Found<RegisteredModel> found =
        search.models(message, RegistrySearch.limit(message, DEFAULT_PAGE, LARGEST_PAGE));
    List<String> names = found.items().stream().map(RegisteredModel::name).toList();
    Map<String, List<ModelVersion>> latest =
        database.read(tx -> versions.latest(tx, names, STAGES)).stream()
            .collect(Collectors.groupingBy(ModelVersion::name));
    return new Models(
        found.items().stream()
            .map(model -> ModelMessage.of(model, latest.getOrDefault(model.name(), List.of())))
            .toList(),
        found.nextPageToken());
  }

  @RequestMapping(
      path = "/registered-models/get-latest-versions",
      method = {RequestMethod.GET, RequestMethod.POST})
  Versions latestVersions(MlflowMessage message) {
    String name = message.required("name");
    List<Stage> asked = message.texts("stages").stream().map(Stage::of).toList();
    return database.read(
        tx -> {
          models.get(tx, name);
          return new Versions(
              versions.latest(tx, List.of(name), asked.isEmpty() ? STAGES : asked).stream()
                  .map(VersionMessage::of)
                  .toList(),
              null);
        });
  }

  @PostMapping("/registered-models/set-tag")
  Empty setTag(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String key = RegistryMessages.key(message);
    String value = RegistryMessages.value(message);
    return done(tx -> registrar.setTag(tx, name, key, value, Change.of(request)));
  }

  @DeleteMapping("/registered-models/delete-tag")
  Empty deleteTag(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String key = message.required("key");
    return done(tx -> registrar.deleteTag(tx, name, key, Change.of(request)));
  }

  @PostMapping("/registered-models/alias")
  Empty setAlias(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String alias = RegistryMessages.newAlias(message);
    int version = RegistryMessages.version(message);
    return done(tx -> registrar.setAlias(tx, name, alias, version, Change.of(request)));
  }

  @DeleteMapping("/registered-models/alias")
  Empty deleteAlias(MlflowMessage message, ServerHttpRequest request) {
    String name = message.required("name");
    String alias = message.required("alias");
    return done(tx -> registrar.deleteAlias(tx, name, alias, Change.of(request)));
  }

  @GetMapping("/registered-models/alias")
  OneVersion byAlias(MlflowMessage message) {
    String name = message.required("name");
    String alias = message.required("alias");
    return database.read(
        tx -> {
          RegisteredModel model = models.get(tx, name);
          Integer version = model.aliases().get(alias);
          if (version == null && RegistryMessages.isLatest(alias)) {
            return versions.newest(tx, name).map(OneVersion::of).orElseThrow(() -> noAlias(alias));
          }
          if (version == null) {
            throw noAlias(alias);
          }
          return OneVersion.of(versions.get(tx, name, version));
        });
  }

  private static MlflowException noAlias(String alias) {
    return MlflowException.invalid("Registered model alias %s not found.".formatted(alias));
  }

  private OneModel changed(String name, Consumer<Tx> change) {
    return database.inTransaction(
        tx -> {
          change.accept(tx);
          return whole(tx, name);
        });
  }

  private Empty done(Consumer<Tx> change) {
    database.inTransactionVoid(change);
    return new Empty();
  }

  private OneModel whole(Tx tx, String name) {
    return new OneModel(
        ModelMessage.of(models.get(tx, name), versions.latest(tx, List.of(name), STAGES)));
  }
}
