package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.ObjectUpload;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.PartUploads;
import io.millrace.artifact.storage.PartUploads.Named;
import io.millrace.artifact.storage.PartUploads.PartUpload;
import io.millrace.artifact.storage.PartUploads.Received;
import io.millrace.artifact.storage.PartUploads.State;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.database.Database;
import io.millrace.problems.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Bytes under their SHA-256, before a version refers to them. A client asks which are missing and
 * sends only these; large ones in parts, so that it goes on where it stopped.
 */
@RestController
@RequestMapping("/api/v1/contents")
final class ContentController {

  private static final int MOST_ASKED = 100_000;
  private static final long SMALLEST_PART = 16L << 20;
  private static final int MOST_PARTS = 9_000;
  private static final long LARGEST = 5L << 40;
  private static final Duration PATIENCE = Duration.ofSeconds(100);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

  private final Objects objects;
  private final Contents contents;
  private final PartUploads uploads;
  private final Database database;

  ContentController(Objects objects, Contents contents, PartUploads uploads, Database database) {
    this.objects = objects;
    this.contents = contents;
    this.uploads = uploads;
    this.database = database;
  }

  /** Bytes that a client has. */
  record Content(@Nullable String sha256, long size) {}

  /** What a client has. */
  record Asked(@Nullable List<@Nullable Content> files) {}

  /**
   * What is to be sent, in the order asked.
   *
   * @param partSize files larger than this go in parts
   */
  record Missing(List<Content> missing, long partSize) {}

  /** The size of bytes to send in parts. */
  record Sized(long size) {}

  /**
   * An upload in parts of bytes.
   *
   * @param partSize of all parts but the last
   * @param received numbers of the parts that are here
   */
  record Upload(String uploadId, long partSize, int parts, List<Integer> received) {}

  @PostMapping("/missing")
  Missing missing(ServerHttpRequest request) throws IOException {
    Asked asked = JsonRequest.read(request, Asked.class);
    List<@Nullable Content> files = asked.files();
    if (files == null || files.size() > MOST_ASKED) {
      throw new ApiProblem(
          400, "invalid-files", "files must be a list of at most " + MOST_ASKED + " entries");
    }
    List<Content> wanted = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Content file : files) {
      if (file == null) {
        throw new ApiProblem(400, "invalid-files", "files must not hold null");
      }
      if (seen.add(Sha256Hex.of(file.sha256()))) {
        wanted.add(file);
      }
    }
    Set<String> here = contents.touch(List.copyOf(seen));
    return new Missing(
        wanted.stream().filter(file -> !here.contains(file.sha256())).toList(), SMALLEST_PART);
  }

  @PutMapping("/{sha256}")
  ResponseEntity<Map<String, Object>> put(@PathVariable String sha256, ServerHttpRequest request)
      throws IOException {
    Sha256Hex.of(sha256);
    StoredObject stored;
    try (InputStream body = RequestBytes.of(request);
        ObjectUpload upload = objects.uploadContent(RequestBytes.length(request), sha256)) {
      body.transferTo(upload);
      stored = upload.finish();
    }
    database.inTransactionVoid(tx -> contents.keep(tx, stored));
    return kept(stored);
  }

  @PostMapping("/{sha256}/uploads")
  Upload begin(@PathVariable String sha256, ServerHttpRequest request) throws IOException {
    Sized asked = JsonRequest.read(request, Sized.class);
    if (asked.size() < 1 || asked.size() > LARGEST) {
      throw new ApiProblem(
          400, "invalid-size", "size is %d, not 1 to %d".formatted(asked.size(), LARGEST));
    }
    String target = target(Sha256Hex.of(sha256), asked.size());
    long partSize = partSize(asked.size());
    int parts = (int) ((asked.size() + partSize - 1) / partSize);
    PartUpload upload =
        uploads.openFor(target).orElseGet(() -> uploads.begin(target, parts, partSize, false));
    return new Upload(
        upload.id(),
        upload.partSize(),
        upload.parts(),
        uploads.received(upload.id()).stream().map(Received::number).toList());
  }

  @PutMapping("/{sha256}/uploads/{id}/parts/{number}")
  ResponseEntity<Void> part(
      @PathVariable String sha256,
      @PathVariable String id,
      @PathVariable int number,
      ServerHttpRequest request)
      throws IOException {
    PartUpload upload = find(sha256, id);
    long expected = length(upload, number);
    if (RequestBytes.length(request).orElse(-1) != expected) {
      throw new ApiProblem(
          400, "invalid-part", "part %d must have Content-Length %d".formatted(number, expected));
    }
    try (InputStream bytes = RequestBytes.of(request)) {
      uploads.receive(upload, number, bytes, expected);
    }
    return ResponseEntity.noContent().build();
  }

  @PostMapping("/{sha256}/uploads/{id}/complete")
  ResponseEntity<Map<String, Object>> complete(
      @PathVariable String sha256, @PathVariable String id) {
    PartUpload upload = find(sha256, id);
    List<Received> received = uploads.received(id);
    if (upload.state() == State.OPEN && received.size() < upload.parts()) {
      Set<Integer> here = new HashSet<>(received.stream().map(Received::number).toList());
      throw new ApiProblem(
          409,
          "parts-missing",
          "%d of %d parts are not here".formatted(upload.parts() - received.size(), upload.parts()),
          Map.of(
              "missing",
              IntStream.rangeClosed(1, upload.parts())
                  .filter(number -> !here.contains(number))
                  .limit(100)
                  .boxed()
                  .toList()));
    }
    if (!uploads.takeForFinishing(upload)) {
      return finishedByOther(sha256, id);
    }
    StoredObject stored =
        uploads.finish(
            upload, received.stream().map(part -> new Named(part.number(), part.etag())).toList());
    if (!stored.sha256().equals(sha256)) {
      uploads.giveUp(upload);
      throw new ApiProblem(
          422,
          "digest-mismatch",
          "the parts make bytes with SHA-256 %s, not %s; the file changed while it was sent: send it again"
              .formatted(stored.sha256(), sha256));
    }
    try {
      database.inTransactionVoid(
          tx -> {
            contents.keep(tx, stored);
            uploads.done(tx, upload);
          });
    } catch (RuntimeException e) {
      uploads.reopen(upload);
      throw e;
    }
    return kept(stored);
  }

  private ResponseEntity<Map<String, Object>> finishedByOther(String sha256, String id) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < until && find(sha256, id).state() == State.FINISHING) {
      try {
        Thread.sleep(BETWEEN_LOOKS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    return contents
        .find(sha256)
        .map(ContentController::kept)
        .orElseThrow(
            () ->
                new ApiProblem(
                    409, "not-complete", "the upload is not complete; complete it again"));
  }

  private PartUpload find(String sha256, String id) {
    return uploads
        .find(id)
        .filter(upload -> upload.target().startsWith("content " + sha256 + " "))
        .orElseThrow(
            () ->
                new ApiProblem(
                    404,
                    "upload-not-found",
                    "there is no upload '%.80s' of %.80s; begin one".formatted(id, sha256)));
  }

  private static long length(PartUpload upload, int number) {
    if (number < 1 || number > upload.parts()) {
      throw new ApiProblem(
          400, "invalid-part", "part %d is not 1 to %d".formatted(number, upload.parts()));
    }
    long size = Long.parseLong(upload.target().substring(upload.target().lastIndexOf(' ') + 1));
    return number < upload.parts()
        ? upload.partSize()
        : size - (upload.parts() - 1) * upload.partSize();
  }

  private static long partSize(long size) {
    long mebibyte = 1 << 20;
    long least = (size + MOST_PARTS - 1) / MOST_PARTS;
    return Math.max(SMALLEST_PART, (least + mebibyte - 1) / mebibyte * mebibyte);
  }

  private static String target(String sha256, long size) {
    return "content " + sha256 + " " + size;
  }

  private static ResponseEntity<Map<String, Object>> kept(StoredObject stored) {
    return ResponseEntity.ok(Map.of("sha256", stored.sha256(), "size", stored.size()));
  }
}
