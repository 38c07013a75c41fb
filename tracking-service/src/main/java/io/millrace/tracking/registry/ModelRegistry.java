package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Tx;
import io.millrace.tracking.registry.ModelVersions.NewVersion;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** What the rest of the service asks of the registry. */
@Component
public class ModelRegistry {

  private final RegisteredModels models;
  private final ModelVersions versions;
  private final ServedVersions served;
  private final Registrar registrar;

  ModelRegistry(
      RegisteredModels models, ModelVersions versions, ServedVersions served, Registrar registrar) {
    this.models = models;
    this.versions = versions;
    this.served = served;
    this.registrar = registrar;
  }

  /**
   * Registers what a training run made, once per run, and tells the others. A model that was
   * renamed since the run was asked for gets the version under the name it has now.
   */
  public ModelVersion registerTrained(
      Tx tx, String model, String runId, String requestId, String by, ModelPackage held) {
    Optional<ModelVersion> there = versions.ofTrainedRun(tx, runId);
    if (there.isPresent()) {
      return there.get();
    }
    String name = models.currentName(tx, model);
    Change change = new Change(by, null);
    registrar.create(tx, name, "", new TreeMap<>(), change);
    return registrar.addVersion(
        tx,
        new NewVersion(name, "runs:/" + runId + "/model", null, "", runId, "", by, requestId, held),
        new TreeMap<>(),
        change);
  }

  /** The version that a training run made. */
  public Optional<ModelVersion> ofTrainedRun(Tx tx, String runId) {
    return versions.ofTrainedRun(tx, runId);
  }

  /** The version an environment serves, as far as is known. */
  public Optional<ModelVersion> served(Tx tx, String environment, String model) {
    String name = models.currentName(tx, model);
    return served
        .version(tx, environment, name)
        .flatMap(version -> versions.find(tx, name, version));
  }
}
