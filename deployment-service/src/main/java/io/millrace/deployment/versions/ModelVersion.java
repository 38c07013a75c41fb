package io.millrace.deployment.versions;

/**
 * A model version with a verdict.
 *
 * @param modelName registered model
 * @param version counted from 1
 * @param requestId the flow it came from
 * @param runId the run that made it
 * @param modelPackage what replicas load
 * @param pipeline the resolved pipeline as canonical JSON
 * @param requestedBy who asked for the training and so may not approve
 * @param passed whether every gate let it through
 * @param verdict the verdict in words: the failed gates where there are any
 */
public record ModelVersion(
    String modelName,
    int version,
    String requestId,
    String runId,
    StoredPackage modelPackage,
    String pipeline,
    String requestedBy,
    boolean passed,
    String verdict) {

  public ModelVersion {
    if (version < 1) {
      throw new IllegalArgumentException(modelName + ": version is " + version + ", not above 0");
    }
  }

  /** The same version under another name of its model. */
  ModelVersion of(String name) {
    return new ModelVersion(
        name, version, requestId, runId, modelPackage, pipeline, requestedBy, passed, verdict);
  }

  /** For messages: {@code breast-cancer version 3}. */
  public String label() {
    return modelName + " version " + version;
  }
}
