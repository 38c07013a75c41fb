package io.millrace.artifact.artifacts;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.millrace.artifact.artifacts.MlflowProblem.Refusal;
import io.millrace.artifact.artifacts.RunRoots.RunRoot;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.SignedAddresses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriUtils;

/** Addresses of artifacts that are good for a while without any other credential. */
@RestController
final class PresignedController {

  private static final String API = "/api/2.0/mlflow-artifacts";
  private static final String AJAX = "/ajax-api/2.0/mlflow-artifacts";
  private static final Duration VALID = Duration.ofHours(1);

  private final ArtifactFiles files;
  private final Objects objects;
  private final SignedAddresses addresses;
  private final RunRoots roots;

  PresignedController(
      ArtifactFiles files, Objects objects, SignedAddresses addresses, RunRoots roots) {
    this.files = files;
    this.objects = objects;
    this.addresses = addresses;
    this.roots = roots;
  }

  /** Where a file can be fetched, also by ranges. */
  record Presigned(
      String url, Map<String, String> headers, @JsonProperty("file_size") long fileSize) {}

  @GetMapping({API + "/presigned/{*path}", AJAX + "/presigned/{*path}"})
  Presigned presigned(ServerHttpRequest request) {
    Artifact artifact = files.find(path(request, "/presigned/"));
    String url =
        objects
            .publicAddress(artifact.object(), VALID)
            .orElseGet(
                () ->
                    addresses.sign(
                        request,
                        use(artifact.path()),
                        API
                            + "/signed/"
                            + UriUtils.encodePath(artifact.path().value(), StandardCharsets.UTF_8),
                        VALID));
    return new Presigned(url, Map.of(), artifact.object().size());
  }

  @RequestMapping(
      path = {API + "/signed/{*path}", AJAX + "/signed/{*path}"},
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> signed(ServerHttpRequest request) {
    ArtifactPath path = path(request, "/signed/");
    addresses.check(request, use(path));
    return files.answer(request, path);
  }

  /** Runs here have their artifacts behind the proxy, to which the contract has one answer. */
  @PostMapping({
    "/api/2.0/mlflow/artifacts/presigned-upload-url",
    "/ajax-api/2.0/mlflow/artifacts/presigned-upload-url"
  })
  Map<String, Object> presignedUpload(ServerHttpRequest request) throws IOException {
    MlflowBody body = MlflowBody.of(request);
    String runId = body.text("run_id");
    ArtifactPath inRun = ArtifactPath.ofFile(body.text("path"));
    RunRoot root = roots.of(runId);
    throw Refusal.invalid(
        "the artifacts of run %s are at %s, behind the artifact proxy, which has no addresses at the store to upload to: PUT the file to %s/artifacts/%s"
            .formatted(runId, root.uri(), API, root.folder().inside() + inRun.value()));
  }

  private static String use(ArtifactPath path) {
    return "GET artifact " + path.value();
  }

  private static ArtifactPath path(ServerHttpRequest request, String call) {
    String raw = request.getURI().getRawPath();
    return ArtifactPath.ofEncoded(
        raw.substring((raw.startsWith(AJAX) ? AJAX : API).length() + call.length()));
  }
}
