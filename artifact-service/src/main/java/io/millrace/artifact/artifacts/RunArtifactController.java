package io.millrace.artifact.artifacts;

import io.millrace.artifact.artifacts.RunRoots.RunRefused;
import io.millrace.artifact.artifacts.RunRoots.RunRoot;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The artifacts of a run by its id, with paths relative to the run's root. */
@RestController
final class RunArtifactController {

  private final RunRoots roots;
  private final Artifacts artifacts;

  RunArtifactController(RunRoots roots, Artifacts artifacts) {
    this.roots = roots;
    this.artifacts = artifacts;
  }

  @GetMapping({"/api/2.0/mlflow/artifacts/list", "/ajax-api/2.0/mlflow/artifacts/list"})
  FileInfo.Files list(
      @RequestParam(name = "run_id", defaultValue = "") String runId,
      @RequestParam(name = "run_uuid", defaultValue = "") String runUuid,
      @RequestParam(defaultValue = "") String path,
      @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
    String id = runId.isEmpty() ? runUuid : runId;
    if (id.isEmpty()) {
      throw new RunRefused(
          400,
          "INVALID_PARAMETER_VALUE",
          "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.");
    }
    ArtifactPath inRun = ArtifactPath.ofFolder(path);
    RunRoot root = roots.of(id);
    ArtifactPath folder = ArtifactPath.ofFolder(root.folder().inside() + inRun.value());
    return FileInfo.Files.of(
        root.uri(),
        inRun.inside(),
        artifacts.list(folder, FileInfo.decode(pageToken), ArtifactController.MOST_ENTRIES));
  }
}
