package io.millrace.artifact.artifacts;

import io.millrace.artifact.artifacts.Artifacts.LaterAttempt;
import io.millrace.artifact.artifacts.Artifacts.PathConflict;
import io.millrace.artifact.artifacts.MlflowProblem.NoArtifact;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.ObjectUpload;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.artifact.storage.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
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
  private final Objects objects;

  ArtifactController(Artifacts artifacts, Objects objects) {
    this.artifacts = artifacts;
    this.objects = objects;
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
    ArtifactPath path = path(request);
    StoredObject stored;
    try (InputStream body = RequestBytes.of(request);
        ObjectUpload upload =
            objects.upload(RequestBytes.length(request), DeclaredDigest.of(request.getHeaders()))) {
      body.transferTo(upload);
      stored = upload.finish();
    }
    try {
      artifacts.store(path, stored, MediaTypes.of(path.name()), attempt);
    } catch (PathConflict | LaterAttempt e) {
      objects.discard(stored);
      throw e;
    }
    return Map.of();
  }

  @RequestMapping(path = "/{*path}", method = RequestMethod.HEAD)
  ResponseEntity<Void> head(ServerHttpRequest request) {
    Artifact artifact = find(path(request));
    return headed(artifact, HttpStatus.OK).build();
  }

  @GetMapping("/{*path}")
  ResponseEntity<Publisher<DataBuffer>> get(ServerHttpRequest request) {
    Artifact artifact = find(path(request));
    if (request.getHeaders().getIfNoneMatch().contains(etag(artifact))) {
      return ResponseEntity.status(HttpStatus.NOT_MODIFIED).eTag(etag(artifact)).build();
    }
    Publisher<DataBuffer> bytes =
        objects.read(artifact.object(), corrupt -> artifacts.markCorrupt(artifact.object()));
    return headed(artifact, HttpStatus.OK).body(bytes);
  }

  @DeleteMapping("/{*path}")
  Map<String, Object> delete(ServerHttpRequest request) {
    artifacts.delete(path(request));
    return Map.of();
  }

  private Artifact find(ArtifactPath path) {
    return artifacts
        .find(path)
        .orElseThrow(
            () ->
                new NoArtifact(
                    artifacts.isFolder(path)
                        ? "'%s' is a folder; list it with ?path=".formatted(path.value())
                        : "there is no artifact '%s'".formatted(path.value())));
  }

  private static ResponseEntity.BodyBuilder headed(Artifact artifact, HttpStatus status) {
    return ResponseEntity.status(status)
        .contentType(MediaType.parseMediaType(artifact.mediaType()))
        .contentLength(artifact.object().size())
        .eTag(etag(artifact))
        .header("Repr-Digest", DeclaredDigest.header(artifact.object().sha256()))
        .header("X-Content-Type-Options", "nosniff")
        .header(
            HttpHeaders.CONTENT_DISPOSITION,
            ContentDisposition.attachment()
                .filename(artifact.path().name(), StandardCharsets.UTF_8)
                .build()
                .toString());
  }

  private static String etag(Artifact artifact) {
    return "\"" + artifact.object().sha256() + "\"";
  }

  private static ArtifactPath path(ServerHttpRequest request) {
    String raw = request.getURI().getRawPath();
    String base = raw.startsWith(AJAX) ? AJAX : API;
    return ArtifactPath.ofEncoded(
        raw.length() > base.length() ? raw.substring(base.length() + 1) : "");
  }
}
