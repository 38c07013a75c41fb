package io.millrace.artifact.artifacts;

import io.millrace.artifact.artifacts.MlflowProblem.Refusal;
import io.millrace.artifact.artifacts.RunRoots.RunRoot;
import io.millrace.artifact.storage.RequestBytes;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * The artifacts of a run, a model version or a logged model by its id, with paths relative to its
 * root.
 */
@RestController
final class RunArtifactController {

  private static final long LARGEST_UPLOAD = 10L << 20;

  private final RunRoots roots;
  private final Artifacts artifacts;
  private final ArtifactFiles files;

  RunArtifactController(RunRoots roots, Artifacts artifacts, ArtifactFiles files) {
    this.roots = roots;
    this.artifacts = artifacts;
    this.files = files;
  }

  @GetMapping({"/api/2.0/mlflow/artifacts/list", "/ajax-api/2.0/mlflow/artifacts/list"})
  FileInfo.Files list(
      @RequestParam(name = "run_id", defaultValue = "") String runId,
      @RequestParam(name = "run_uuid", defaultValue = "") String runUuid,
      @RequestParam(defaultValue = "") String path,
      @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
    String id = required("run_id", runId.isEmpty() ? runUuid : runId);
    ArtifactPath inside = ArtifactPath.ofFolder(path);
    return listed(roots.of(id), inside, pageToken);
  }

  @GetMapping({
    "/api/2.0/mlflow/logged-models/{model}/artifacts/directories",
    "/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/directories"
  })
  FileInfo.Files listOfModel(
      @PathVariable String model,
      @RequestParam(name = "artifact_directory_path", defaultValue = "") String path,
      @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
    ArtifactPath inside = ArtifactPath.ofFolder(path);
    return listed(roots.ofLoggedModel(model), inside, pageToken);
  }

  @RequestMapping(
      path = {"/get-artifact", "/ajax-api/2.0/mlflow/get-artifact"},
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> ofRun(
      @RequestParam(name = "run_id", defaultValue = "") String runId,
      @RequestParam(name = "run_uuid", defaultValue = "") String runUuid,
      @RequestParam(defaultValue = "") String path,
      ServerHttpRequest request) {
    String id = required("run_id", runId.isEmpty() ? runUuid : runId);
    ArtifactPath inside = ArtifactPath.ofFile(required("path", path));
    return files.answer(request, roots.of(id).file(inside));
  }

  @RequestMapping(
      path = {"/model-versions/get-artifact", "/ajax-api/2.0/mlflow/model-versions/get-artifact"},
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> ofModelVersion(
      @RequestParam(defaultValue = "") String name,
      @RequestParam(defaultValue = "") String version,
      @RequestParam(defaultValue = "") String path,
      ServerHttpRequest request) {
    required("name", name);
    required("version", version);
    ArtifactPath inside = ArtifactPath.ofFile(required("path", path));
    return files.answer(request, roots.ofModelVersion(name, version).file(inside));
  }

  @RequestMapping(
      path = {
        "/api/2.0/mlflow/logged-models/{model}/artifacts/files",
        "/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files"
      },
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> ofLoggedModel(
      @PathVariable String model,
      @RequestParam(name = "artifact_file_path", defaultValue = "") String path,
      ServerHttpRequest request) {
    ArtifactPath inside = ArtifactPath.ofFile(required("artifact_file_path", path));
    return files.answer(request, roots.ofLoggedModel(model).file(inside));
  }

  @PostMapping("/ajax-api/2.0/mlflow/upload-artifact")
  ResponseEntity<Void> upload(
      @RequestParam(name = "run_uuid", defaultValue = "") String runUuid,
      @RequestParam(name = "run_id", defaultValue = "") String runId,
      @RequestParam(defaultValue = "") String path,
      ServerHttpRequest request)
      throws IOException {
    String id = required("run_uuid", runUuid.isEmpty() ? runId : runUuid);
    ArtifactPath inside = ArtifactPath.ofFile(required("path", path));
    long length =
        RequestBytes.length(request)
            .orElseThrow(() -> Refusal.invalid("the upload needs a Content-Length"));
    if (length > LARGEST_UPLOAD) {
      throw Refusal.invalid(
          "Artifact size is too large. Max size is 10MB; PUT larger files to /api/2.0/mlflow-artifacts/artifacts/");
    }
    if (length == 0) {
      throw Refusal.invalid("Request must specify data.");
    }
    files.store(request, roots.of(id).file(inside), 0);
    return ResponseEntity.ok().build();
  }

  private FileInfo.Files listed(RunRoot root, ArtifactPath inside, @Nullable String pageToken) {
    ArtifactPath folder = ArtifactPath.ofFolder(root.folder().inside() + inside.value());
    return FileInfo.Files.of(
        root.uri(),
        inside.inside(),
        artifacts.list(folder, FileInfo.decode(pageToken), ArtifactController.MOST_ENTRIES));
  }

  private static String required(String name, String value) {
    if (value.isEmpty()) {
      throw Refusal.missingParameter(name);
    }
    return value;
  }
}
