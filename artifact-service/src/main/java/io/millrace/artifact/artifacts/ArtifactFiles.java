package io.millrace.artifact.artifacts;

import io.millrace.artifact.artifacts.Artifacts.LaterAttempt;
import io.millrace.artifact.artifacts.Artifacts.PathConflict;
import io.millrace.artifact.artifacts.MlflowProblem.NoArtifact;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.Download;
import io.millrace.artifact.storage.ObjectUpload;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.changes.Change;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/** One artifact in or out by HTTP, whatever address names it. */
@Component
final class ArtifactFiles {

  private final Artifacts artifacts;
  private final Objects objects;
  private final Download download;

  ArtifactFiles(Artifacts artifacts, Objects objects, Download download) {
    this.artifacts = artifacts;
    this.objects = objects;
    this.download = download;
  }

  /**
   * Stores the body of a request at a path.
   *
   * @throws IOException if the sender goes away
   */
  void store(ServerHttpRequest request, ArtifactPath path, int attempt) throws IOException {
    StoredObject stored;
    try (InputStream body = RequestBytes.of(request);
        ObjectUpload upload =
            objects.upload(RequestBytes.length(request), DeclaredDigest.of(request.getHeaders()))) {
      body.transferTo(upload);
      stored = upload.finish();
    }
    try {
      artifacts.store(path, stored, MediaTypes.of(path.name()), attempt, Change.of(request));
    } catch (PathConflict | LaterAttempt e) {
      objects.discard(stored);
      throw e;
    }
  }

  /**
   * Answers a GET or HEAD for the file at a path.
   *
   * @throws NoArtifact if there is none
   */
  ResponseEntity<Publisher<DataBuffer>> answer(ServerHttpRequest request, ArtifactPath path) {
    Artifact artifact = find(path);
    return download.answer(
        request,
        new Download.Of(
            artifact.object(),
            artifact.storedAt(),
            headers -> describe(artifact, headers),
            corrupt -> artifacts.markCorrupt(artifact.object())));
  }

  /**
   * The file at a path.
   *
   * @throws NoArtifact if there is none
   */
  Artifact find(ArtifactPath path) {
    return artifacts
        .find(path)
        .orElseThrow(
            () ->
                new NoArtifact(
                    artifacts.isFolder(path)
                        ? "'%s' is a folder; list it with ?path=".formatted(path.value())
                        : "there is no artifact '%s'".formatted(path.value())));
  }

  private static void describe(Artifact artifact, HttpHeaders headers) {
    headers.setContentType(MediaType.parseMediaType(artifact.mediaType()));
    headers.set("X-Content-Type-Options", "nosniff");
    headers.setContentDisposition(
        ContentDisposition.attachment()
            .filename(artifact.path().name(), StandardCharsets.UTF_8)
            .build());
  }
}
