package io.millrace.artifact.artifacts;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.millrace.artifact.artifacts.Artifacts.PathConflict;
import io.millrace.artifact.artifacts.MlflowProblem.Refusal;
import io.millrace.artifact.storage.PartUploads;
import io.millrace.artifact.storage.PartUploads.Named;
import io.millrace.artifact.storage.PartUploads.PartUpload;
import io.millrace.artifact.storage.PartUploads.State;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.artifact.storage.SignedAddresses;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.changes.Change;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * MLflow's uploads in parts. The address names the folder, the request the file in it. A part goes
 * to a signed address: of the object store where clients reach it, else of this service, through
 * which it streams.
 */
@RestController
@RequestMapping({MultipartController.API, MultipartController.AJAX})
final class MultipartController {

  static final String API = "/api/2.0/mlflow-artifacts/mpu";
  static final String AJAX = "/ajax-api/2.0/mlflow-artifacts/mpu";

  private static final int MOST_PARTS = 10_000;
  private static final Duration PART_ADDRESSES = Duration.ofHours(24);
  private static final Duration PATIENCE = Duration.ofSeconds(100);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

  private final PartUploads uploads;
  private final Artifacts artifacts;
  private final SignedAddresses addresses;

  MultipartController(PartUploads uploads, Artifacts artifacts, SignedAddresses addresses) {
    this.uploads = uploads;
    this.artifacts = artifacts;
    this.addresses = addresses;
  }

  /** Where a part goes. */
  record Credential(
      String url, @JsonProperty("part_number") int partNumber, Map<String, String> headers) {}

  /** An upload that may begin. */
  record Created(@JsonProperty("upload_id") String uploadId, List<Credential> credentials) {}

  @PostMapping({"/create", "/create/{*path}"})
  Created create(ServerHttpRequest request) throws IOException {
    MlflowBody body = MlflowBody.of(request);
    ArtifactPath path = path(request, "create", body);
    long parts = body.whole("num_parts", 1);
    if (parts < 1 || parts > MOST_PARTS) {
      throw Refusal.invalid("num_parts is %d, not 1 to %d".formatted(parts, MOST_PARTS));
    }
    artifacts.requireFile(path);
    PartUpload upload = uploads.begin(path.value(), (int) parts, 0, uploads.isStorePublic());
    return new Created(
        upload.id(),
        IntStream.rangeClosed(1, upload.parts())
            .mapToObj(number -> new Credential(address(request, upload, number), number, Map.of()))
            .toList());
  }

  @PutMapping("/part/{upload}/{number}")
  ResponseEntity<Void> part(
      @PathVariable String upload, @PathVariable int number, ServerHttpRequest request)
      throws IOException {
    addresses.check(request, use(upload, number));
    PartUpload found = find(upload);
    long length =
        RequestBytes.length(request)
            .orElseThrow(() -> Refusal.invalid("a part needs a Content-Length"));
    try (InputStream bytes = RequestBytes.of(request)) {
      String etag = uploads.receive(found, number, bytes, length);
      return ResponseEntity.ok().eTag("\"" + etag + "\"").build();
    }
  }

  @PostMapping({"/complete", "/complete/{*path}"})
  Map<String, Object> complete(ServerHttpRequest request) throws IOException {
    MlflowBody body = MlflowBody.of(request);
    ArtifactPath path = path(request, "complete", body);
    PartUpload upload = find(body.text("upload_id"), path);
    List<Named> parts =
        body.objects("parts").stream()
            .map(
                part ->
                    new Named(
                        (int) part.whole("part_number", 0),
                        part.textOrEmpty("etag").replace("\"", "")))
            .toList();
    if (!uploads.takeForFinishing(upload)) {
      awaitOtherCall(upload);
      return Map.of();
    }
    StoredObject stored = uploads.finish(upload, parts);
    try {
      artifacts.store(
          path,
          stored,
          MediaTypes.of(path.name()),
          0,
          Change.of(request),
          tx -> uploads.done(tx, upload));
    } catch (PathConflict e) {
      uploads.giveUp(upload);
      throw e;
    } catch (RuntimeException e) {
      uploads.reopen(upload);
      throw e;
    }
    return Map.of();
  }

  @PostMapping({"/abort", "/abort/{*path}"})
  Map<String, Object> abort(ServerHttpRequest request) throws IOException {
    MlflowBody body = MlflowBody.of(request);
    ArtifactPath path = path(request, "abort", body);
    PartUpload upload = find(body.text("upload_id"), path);
    if (upload.state() == State.DONE) {
      throw Refusal.invalid(
          "upload %s is complete; delete the artifact instead".formatted(upload.id()));
    }
    uploads.giveUp(upload);
    return Map.of();
  }

  /** A client that was too impatient asks again while its first call is still at work. */
  private void awaitOtherCall(PartUpload upload) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < until) {
      switch (find(upload.id()).state()) {
        case DONE -> {
          return;
        }
        case GIVEN_UP -> throw Refusal.notFound("upload %s was given up".formatted(upload.id()));
        case OPEN ->
            throw Refusal.invalid(
                "upload %s could not be completed; complete it again".formatted(upload.id()));
        case FINISHING -> {
          try {
            Thread.sleep(BETWEEN_LOOKS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Refusal.unavailable("the service is stopping");
          }
        }
      }
    }
    throw Refusal.unavailable("upload %s is still being completed".formatted(upload.id()));
  }

  private String address(ServerHttpRequest request, PartUpload upload, int number) {
    if (upload.direct()) {
      return uploads.publicAddress(upload, number, PART_ADDRESSES).orElseThrow();
    }
    return addresses.sign(
        request,
        use(upload.id(), number),
        API + "/part/" + upload.id() + "/" + number,
        PART_ADDRESSES);
  }

  private static String use(String upload, int number) {
    return "PUT part " + number + " of " + upload;
  }

  private PartUpload find(String id) {
    return uploads
        .find(id)
        .orElseThrow(() -> Refusal.notFound("there is no upload '%s'".formatted(id)));
  }

  private PartUpload find(String id, ArtifactPath path) {
    PartUpload found = find(id);
    if (!found.target().equals(path.value())) {
      throw Refusal.invalid("upload '%s' is not one of '%s'".formatted(id, path.value()));
    }
    return found;
  }

  private static ArtifactPath path(ServerHttpRequest request, String call, MlflowBody body) {
    String raw = request.getURI().getRawPath();
    String base = (raw.startsWith(AJAX) ? AJAX : API) + "/" + call;
    String folder = raw.length() > base.length() + 1 ? raw.substring(base.length() + 1) : "";
    String file = body.text("path").replace('\\', '/');
    ArtifactPath name = ArtifactPath.ofFile(file.substring(file.lastIndexOf('/') + 1));
    return folder.isEmpty()
        ? name
        : ArtifactPath.ofFile(ArtifactPath.ofEncoded(folder).inside() + name.value());
  }
}
