package io.millrace.artifact.artifacts;

import io.millrace.changes.Change;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The MLflow artifact proxy. Bodies stream both ways; the methods run on virtual threads. */
@RestController
@RequestMapping({ArtifactController.API, ArtifactController.AJAX})
final class ArtifactController {

  static final String API = "/api/2.0/mlflow-artifacts/artifacts";
  static final String AJAX = "/ajax-api/2.0/mlflow-artifacts/artifacts";
  static final int MOST_ENTRIES = 10_000;

  private final Artifacts artifacts;
  private final ArtifactFiles files;

  ArtifactController(Artifacts artifacts, ArtifactFiles files) {
    this.artifacts = artifacts;
    this.files = files;
  }

  @GetMapping({"", "/"})
  FileInfo.Files list(
      @RequestParam(defaultValue = "") String path,
      @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
    return FileInfo.Files.of(
        null,
        "",
        artifacts.list(ArtifactPath.ofFolder(path), FileInfo.decode(pageToken), MOST_ENTRIES));
  }

  @PutMapping("/{*path}")
  Map<String, Object> put(
      @RequestHeader(name = "Millrace-Attempt", defaultValue = "0") int attempt,
      ServerHttpRequest request)
      throws IOException {
    files.store(request, path(request), attempt);
    return Map.of();
  }

  @RequestMapping(
      path = "/{*path}",
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> get(ServerHttpRequest request) {
    return files.answer(request, path(request));
  }

  @DeleteMapping("/{*path}")
  Map<String, Object> delete(ServerHttpRequest request) {
    artifacts.delete(path(request), Change.of(request));
    return Map.of();
  }

  private static ArtifactPath path(ServerHttpRequest request) {
    String raw = request.getURI().getRawPath();
    String base = raw.startsWith(AJAX) ? AJAX : API;
    return ArtifactPath.ofEncoded(
        raw.length() > base.length() ? raw.substring(base.length() + 1) : "");
  }
}
