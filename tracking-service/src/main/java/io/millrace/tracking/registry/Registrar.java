package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.ErrorCode;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.registry.ModelVersions.NewVersion;
import io.millrace.tracking.registry.RegistryHistory.Line;
import io.millrace.tracking.registry.ServedVersions.Place;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Every change of the registry: under the model's lock, with a line in the history and an event in
 * the same transaction. What changes nothing leaves neither.
 */
@Component
class Registrar {

  private final RegisteredModels models;
  private final ModelVersions versions;
  private final ServedVersions served;
  private final RegistryHistory history;
  private final RegistryEvents events;

  Registrar(
      RegisteredModels models,
      ModelVersions versions,
      ServedVersions served,
      RegistryHistory history,
      RegistryEvents events) {
    this.models = models;
    this.versions = versions;
    this.served = served;
    this.history = history;
    this.events = events;
  }

  /** Makes a model; false where there is one of that name. */
  boolean create(
      Tx tx, String name, String description, SortedMap<String, String> tags, Change change) {
    if (!models.create(tx, name, description)) {
      return false;
    }
    tags.forEach((key, value) -> models.setTag(tx, name, key, value));
    RegisteredModel model = models.get(tx, name);
    note(
        tx,
        model,
        Line.of(Transition.MODEL_CREATED, null, null, description.isEmpty() ? null : description),
        change);
    tags.forEach(
        (key, value) ->
            note(tx, model, Line.of(Transition.MODEL_TAG_SET, key, null, value), change));
    events.created(tx, model, change);
    return true;
  }

  void describe(Tx tx, String name, String description, Change change) {
    RegisteredModel model = models.lock(tx, name);
    models.describe(tx, name, description);
    if (!description.equals(model.description())) {
      note(
          tx,
          model,
          Line.of(Transition.MODEL_DESCRIBED, null, model.description(), description),
          change);
      events.described(tx, model, description, change);
    }
  }

  void rename(Tx tx, String name, String newName, Change change) {
    RegisteredModel model = models.lock(tx, name);
    if (newName.equals(name)) {
      return;
    }
    List<Place> places = served.places(tx, name);
    if (!places.isEmpty()) {
      throw conflict(
          "Registered Model with name=%s is live in %s. Calls of it carry its name, so it can only be renamed while it is live nowhere."
              .formatted(name, live(places)));
    }
    models.rename(tx, model, newName);
    note(tx, model, Line.of(Transition.MODEL_RENAMED, null, name, newName), change);
    events.renamed(tx, model, newName, change);
  }

  void delete(Tx tx, String name, Change change) {
    RegisteredModel model = models.lock(tx, name);
    List<Place> places = served.places(tx, name);
    if (!places.isEmpty()) {
      throw conflict(
          "Registered Model with name=%s is live in %s, so it cannot be deleted."
              .formatted(name, live(places)));
    }
    models.delete(tx, name);
    note(tx, model, Line.of(Transition.MODEL_DELETED), change);
    events.deleted(tx, model, change);
  }

  void setTag(Tx tx, String name, String key, String value, Change change) {
    RegisteredModel model = models.lock(tx, name);
    String before = model.tags().get(key);
    if (!value.equals(before)) {
      models.setTag(tx, name, key, value);
      note(tx, model, Line.of(Transition.MODEL_TAG_SET, key, before, value), change);
      events.tagged(tx, model, key, value, change);
    }
  }

  void deleteTag(Tx tx, String name, String key, Change change) {
    RegisteredModel model = models.lock(tx, name);
    String before = model.tags().get(key);
    if (before != null) {
      models.deleteTag(tx, name, key);
      note(tx, model, Line.of(Transition.MODEL_TAG_DELETED, key, before, null), change);
      events.tagged(tx, model, key, null, change);
    }
  }

  ModelVersion addVersion(Tx tx, NewVersion wanted, SortedMap<String, String> tags, Change change) {
    RegisteredModel model = models.lock(tx, wanted.name());
    ModelVersion added = versions.add(tx, wanted);
    int number = added.version();
    note(
        tx,
        model,
        Line.of(Transition.VERSION_CREATED, null, null, added.source())
            .version(number)
            .request(added.requestId()),
        change);
    tags.forEach(
        (key, value) -> {
          versions.setTag(tx, model.name(), number, key, value);
          note(
              tx,
              model,
              Line.of(Transition.VERSION_TAG_SET, key, null, value).version(number),
              change);
        });
    events.versionCreated(tx, model, added, change);
    return tags.isEmpty() ? added : versions.get(tx, model.name(), number);
  }

  void describeVersion(Tx tx, String name, int number, String description, Change change) {
    RegisteredModel model = lockWithVersion(tx, name, number);
    ModelVersion version = versions.get(tx, name, number);
    versions.describe(tx, name, number, description);
    if (!description.equals(version.description())) {
      note(
          tx,
          model,
          Line.of(Transition.VERSION_DESCRIBED, null, version.description(), description)
              .version(number),
          change);
      events.versionDescribed(tx, model, number, description, change);
    }
  }

  /**
   * Puts a version in a stage.
   *
   * @param archiveOthers moves what was there to Archived
   */
  void transition(
      Tx tx, String name, int number, Stage stage, boolean archiveOthers, Change change) {
    if (archiveOthers && !stage.active()) {
      throw MlflowException.invalid(
          "Model version transition cannot archive existing model versions because '%s' is not an Active stage. Valid stages are ['Staging', 'Production']"
              .formatted(stage.text()));
    }
    RegisteredModel model = lockWithVersion(tx, name, number);
    if (archiveOthers) {
      for (int other : versions.inStage(tx, name, stage)) {
        if (other != number) {
          stage(tx, model, other, stage.text(), Stage.ARCHIVED, change);
        }
      }
    }
    ModelVersion version = versions.get(tx, name, number);
    stage(tx, model, number, version.stage(), stage, change);
    models.touch(tx, name);
  }

  private void stage(
      Tx tx, RegisteredModel model, int number, String from, Stage to, Change change) {
    versions.setStage(tx, model.name(), number, to);
    if (!from.equals(to.text())) {
      note(
          tx,
          model,
          Line.of(Transition.STAGE_CHANGED, null, from, to.text()).version(number),
          change);
      events.staged(tx, model, number, from, to, change);
    }
  }

  void deleteVersion(Tx tx, String name, int number, Change change) {
    RegisteredModel model = lockWithVersion(tx, name, number);
    List<Place> places =
        served.places(tx, name).stream().filter(place -> place.has(number)).toList();
    if (!places.isEmpty()) {
      throw conflict(
          "Model Version (name=%s, version=%d) is live in %s, so it cannot be deleted. Promote another version there or roll back first."
              .formatted(name, number, live(places)));
    }
    model
        .aliases()
        .forEach(
            (alias, target) -> {
              if (target == number) {
                removeAlias(tx, model, alias, number, change);
              }
            });
    versions.delete(tx, name, number);
    models.touch(tx, name);
    note(tx, model, Line.of(Transition.VERSION_DELETED).version(number), change);
    events.versionDeleted(tx, model, number, change);
  }

  void setVersionTag(Tx tx, String name, int number, String key, String value, Change change) {
    RegisteredModel model = lockWithVersion(tx, name, number);
    String before = versions.get(tx, name, number).tags().get(key);
    if (!value.equals(before)) {
      versions.setTag(tx, name, number, key, value);
      note(
          tx,
          model,
          Line.of(Transition.VERSION_TAG_SET, key, before, value).version(number),
          change);
      events.versionTagged(tx, model, number, key, value, change);
    }
  }

  void deleteVersionTag(Tx tx, String name, int number, String key, Change change) {
    RegisteredModel model = lockWithVersion(tx, name, number);
    String before = versions.get(tx, name, number).tags().get(key);
    if (before != null) {
      versions.deleteTag(tx, name, number, key);
      note(
          tx,
          model,
          Line.of(Transition.VERSION_TAG_DELETED, key, before, null).version(number),
          change);
      events.versionTagged(tx, model, number, key, null, change);
    }
  }

  void setAlias(Tx tx, String name, String alias, int number, Change change) {
    RegisteredModel model = lockWithVersion(tx, name, number);
    Integer before = model.aliases().get(alias);
    if (before == null || before != number) {
      models.setAlias(tx, name, alias, number);
      note(
          tx,
          model,
          Line.of(Transition.ALIAS_SET, alias, text(before), text(number)).version(number),
          change);
      events.aliased(tx, model, alias, before, number, change);
    }
  }

  void deleteAlias(Tx tx, String name, String alias, Change change) {
    RegisteredModel model = models.lock(tx, name);
    Integer before = model.aliases().get(alias);
    if (before != null) {
      removeAlias(tx, model, alias, before, change);
    }
  }

  private void removeAlias(Tx tx, RegisteredModel model, String alias, int before, Change change) {
    models.deleteAlias(tx, model.name(), alias);
    note(
        tx,
        model,
        Line.of(Transition.ALIAS_DELETED, alias, text(before), null).version(before),
        change);
    events.aliased(tx, model, alias, before, null, change);
  }

  /** What the platform did in an environment, of a model by the name it had for the platform. */
  void noteServed(Tx tx, RegistryHistory.Served what, Change change) {
    String name = models.currentName(tx, what.name());
    long id = models.lockIfThere(tx, name) ? models.get(tx, name).id() : 0;
    served.note(tx, name, what);
    history.add(tx, id, what, change);
  }

  /** The model under its lock; 404 where the version is not there. */
  private RegisteredModel lockWithVersion(Tx tx, String name, int number) {
    if (models.lockIfThere(tx, name)) {
      versions.get(tx, name, number);
      return models.get(tx, name);
    }
    throw RegisteredModels.missing(name);
  }

  private void note(Tx tx, RegisteredModel model, Line line, Change change) {
    history.add(tx, model.id(), model.name(), line, change);
  }

  private static @Nullable String text(@Nullable Integer version) {
    return version == null ? null : version.toString();
  }

  private static String live(List<Place> places) {
    return places.stream()
        .map(
            place ->
                "'%s' (version %d, revision %d)"
                    .formatted(place.environment(), place.version(), place.revision()))
        .collect(Collectors.joining(" and "));
  }

  private static MlflowException conflict(String message) {
    return new MlflowException(ErrorCode.RESOURCE_CONFLICT, message);
  }
}
