package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import io.millrace.tracking.loggedmodels.LoggedModel;
import io.millrace.tracking.loggedmodels.LoggedModelId;
import io.millrace.tracking.loggedmodels.LoggedModels;
import io.millrace.tracking.mlflow.MlflowException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What sources of model versions lead to. */
@Component
class ModelSources {

  private static final Pattern VERSION = Pattern.compile("models:/+([^/@]+)/(\\d{1,9})");
  private static final Pattern ALIAS = Pattern.compile("models:/+([^/@]+)@([^/@]+)");
  private static final Pattern LOGGED = Pattern.compile("models:/+(m-[^/@]+)");
  private static final Pattern RUN = Pattern.compile("runs:/+([^/]+)/(.+)");

  private final RegisteredModels models;
  private final ModelVersions versions;
  private final LoggedModels logged;

  ModelSources(RegisteredModels models, ModelVersions versions, LoggedModels logged) {
    this.models = models;
    this.versions = versions;
    this.logged = logged;
  }

  /**
   * Checks a source and follows it as far as that is needed for the model to stay reachable.
   *
   * @param runId empty: none was named
   * @return where it leads; null: the source itself is the place
   */
  @Nullable String location(Tx tx, String source, String runId) {
    if (ModelSource.isLocal(source)) {
      ModelSource.within(
          source, runId.isEmpty() ? "" : versions.artifactsOfRun(tx, runId).orElse(""));
      return null;
    }
    ModelSource.checked(source);
    if (!source.startsWith("models:")) {
      return null;
    }
    Optional<LoggedModel> model = logged(tx, source);
    if (model.isPresent()) {
      return model.get().artifactUri();
    }
    ModelVersion other = version(tx, source);
    return other.storageLocation() == null ? other.source() : other.storageLocation();
  }

  /** The run that made the logged model of a source; empty where it is no such source. */
  String run(Tx tx, String source) {
    return logged(tx, source).map(LoggedModel::sourceRunId).orElse("");
  }

  private Optional<LoggedModel> logged(Tx tx, String source) {
    Matcher id = LOGGED.matcher(source);
    return id.matches()
        ? Optional.of(logged.get(tx, new LoggedModelId(id.group(1)), false))
        : Optional.empty();
  }

  /** Where the files of a version are. */
  String download(Tx tx, ModelVersion version) {
    String place = version.storageLocation() == null ? version.source() : version.storageLocation();
    Matcher run = RUN.matcher(place);
    return run.matches()
        ? versions
            .artifactsOfRun(tx, run.group(1))
            .map(artifacts -> artifacts + "/" + run.group(2))
            .orElse(place)
        : place;
  }

  private ModelVersion version(Tx tx, String source) {
    Matcher numbered = VERSION.matcher(source);
    if (numbered.matches()) {
      return versions.get(tx, numbered.group(1), Integer.parseInt(numbered.group(2)));
    }
    Matcher aliased = ALIAS.matcher(source);
    if (aliased.matches()) {
      Integer version = models.get(tx, aliased.group(1)).aliases().get(aliased.group(2));
      if (version != null) {
        return versions.get(tx, aliased.group(1), version);
      }
    }
    throw MlflowException.missing(
        "Model version source '%s' leads to no model version. Use models:/<name>/<version>."
            .formatted(source));
  }
}
