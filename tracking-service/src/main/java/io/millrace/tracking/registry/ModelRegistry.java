package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import io.millrace.tracking.registry.ModelVersions.NewVersion;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** What the rest of the service asks of the registry. */
@Component
public class ModelRegistry {

  private final ModelVersions versions;
  private final ServedVersions served;
  private final RegistryEvents events;

  ModelRegistry(ModelVersions versions, ServedVersions served, RegistryEvents events) {
    this.versions = versions;
    this.served = served;
    this.events = events;
  }

  /** Registers what a training run made, once per run, and tells the others. */
  public ModelVersion registerTrained(
      Tx tx, String model, String runId, String requestId, String by, ModelPackage held) {
    Optional<ModelVersion> there = versions.ofTrainedRun(tx, runId);
    if (there.isPresent()) {
      return there.get();
    }
    versions.createModel(tx, model, "", Map.of());
    ModelVersion version =
        versions.add(
            tx,
            new NewVersion(model, "runs:/" + runId + "/model", "", runId, "", by, requestId, held));
    events.created(tx, version);
    return version;
  }

  /** The version that a training run made. */
  public Optional<ModelVersion> ofTrainedRun(Tx tx, String runId) {
    return versions.ofTrainedRun(tx, runId);
  }

  /** The version an environment serves, as far as is known. */
  public Optional<ModelVersion> served(Tx tx, String environment, String model) {
    return served
        .version(tx, environment, model)
        .flatMap(version -> versions.find(tx, model, version));
  }
}
