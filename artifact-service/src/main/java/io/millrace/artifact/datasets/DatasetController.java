package io.millrace.artifact.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import io.millrace.artifact.datasets.DatasetVersions.Pushed;
import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.Download;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.problems.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Datasets over HTTP. The methods block and run on virtual threads; bodies stream. */
@RestController
@RequestMapping("/api/v1/datasets")
final class DatasetController {

  private static final String LATEST = "latest";

  private final DatasetIntake intake;
  private final DatasetVersions versions;
  private final Download download;
  private final Contents contents;

  DatasetController(
      DatasetIntake intake, DatasetVersions versions, Download download, Contents contents) {
    this.intake = intake;
    this.versions = versions;
    this.download = download;
    this.contents = contents;
  }

  /** A version as clients see it; {@code created} only answers a push. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record VersionView(
      String name,
      int version,
      String digest,
      String sha256,
      long size,
      long rows,
      int columns,
      @JsonRawValue String schema,
      String mediaType,
      String createdBy,
      Instant createdAt,
      String uri,
      @Nullable Boolean created) {

    static VersionView of(DatasetVersion v, @Nullable Boolean created) {
      return new VersionView(
          v.name().value(),
          v.version(),
          v.digest(),
          v.object().sha256(),
          v.object().size(),
          v.rows(),
          v.columns(),
          v.schema(),
          v.mediaType(),
          v.createdBy(),
          v.createdAt(),
          v.uri(),
          created);
    }
  }

  /** A line of a list of versions, which leaves the schema out. */
  record VersionLine(
      int version,
      String digest,
      String sha256,
      long size,
      long rows,
      int columns,
      String createdBy,
      Instant createdAt,
      String uri) {

    static VersionLine of(DatasetVersion v) {
      return new VersionLine(
          v.version(),
          v.digest(),
          v.object().sha256(),
          v.object().size(),
          v.rows(),
          v.columns(),
          v.createdBy(),
          v.createdAt(),
          v.uri());
    }
  }

  /** A line of the list of datasets, with the figures of the latest version. */
  record DatasetLine(
      String name, int latestVersion, long rows, int columns, long size, Instant updatedAt) {}

  /** A page; the token is absent on the last one. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Page<T>(List<T> items, @Nullable String nextPageToken) {}

  /** A dataset with its versions, newest first. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record DatasetView(
      String name, int latestVersion, List<VersionLine> versions, @Nullable String nextPageToken) {}

  @PostMapping("/{name}/versions")
  ResponseEntity<VersionView> push(
      @PathVariable String name,
      @RequestHeader(name = "Millrace-Created-By", defaultValue = "unknown") String createdBy,
      ServerHttpRequest request)
      throws IOException {
    DatasetName dataset = new DatasetName(name);
    requireCsv(request.getHeaders());
    Pushed pushed;
    try (InputStream body = RequestBytes.of(request)) {
      pushed =
          intake.push(
              dataset,
              body,
              RequestBytes.length(request),
              DeclaredDigest.of(request.getHeaders()),
              RejectedTable.file(
                  request.getHeaders().getFirst(HttpHeaders.CONTENT_DISPOSITION), dataset),
              createdBy);
    }
    DatasetVersion version = pushed.version();
    return ResponseEntity.status(pushed.created() ? HttpStatus.CREATED : HttpStatus.OK)
        .location(URI.create("/api/v1/datasets/" + dataset + "/versions/" + version.version()))
        .body(VersionView.of(version, pushed.created()));
  }

  @GetMapping
  Page<DatasetLine> list(
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    int most = limited(limit);
    List<DatasetVersion> found = versions.datasets(pageToken, most);
    return new Page<>(
        found.stream()
            .map(
                v ->
                    new DatasetLine(
                        v.name().value(),
                        v.version(),
                        v.rows(),
                        v.columns(),
                        v.object().size(),
                        v.createdAt()))
            .toList(),
        found.size() < most ? null : found.getLast().name().value());
  }

  @GetMapping("/{name}")
  DatasetView dataset(
      @PathVariable String name,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "2147483647") int pageToken) {
    DatasetName dataset = new DatasetName(name);
    int most = limited(limit);
    DatasetVersion latest = versions.latest(dataset).orElseThrow(() -> none(dataset, LATEST));
    List<DatasetVersion> found = versions.versions(dataset, pageToken, most);
    return new DatasetView(
        name,
        latest.version(),
        found.stream().map(VersionLine::of).toList(),
        found.size() < most ? null : Integer.toString(found.getLast().version()));
  }

  @GetMapping("/{name}/versions")
  Page<VersionLine> versions(
      @PathVariable String name,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "2147483647") int pageToken) {
    DatasetView view = dataset(name, limit, pageToken);
    return new Page<>(view.versions(), view.nextPageToken());
  }

  @GetMapping("/{name}/versions/{version}")
  ResponseEntity<VersionView> version(@PathVariable String name, @PathVariable String version) {
    DatasetVersion found = find(name, version);
    return cached(ResponseEntity.ok(), version)
        .eTag("\"" + found.digest() + "\"")
        .body(VersionView.of(found, null));
  }

  @GetMapping(
      path = "/{name}/versions/{version}/manifest",
      produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<String> manifest(@PathVariable String name, @PathVariable String version) {
    DatasetVersion found = find(name, version);
    return cached(ResponseEntity.ok(), version)
        .contentType(MediaType.APPLICATION_JSON)
        .eTag("\"" + found.digest() + "\"")
        .body(found.manifest());
  }

  @RequestMapping(
      path = "/{name}/versions/{version}/content",
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> content(
      @PathVariable String name, @PathVariable String version, ServerHttpRequest request) {
    DatasetVersion found = find(name, version);
    return download.answer(
        request,
        new Download.Of(
            found.object(),
            found.createdAt(),
            headers -> {
              describe(headers, found.mediaType(), found.name() + "-" + found.version() + ".csv");
              headers.setCacheControl(caching(version));
              headers.set("Millrace-Dataset-Version", Integer.toString(found.version()));
            },
            corrupt -> contents.markCorrupt(found.object().sha256())));
  }

  private DatasetVersion find(String name, String version) {
    DatasetName dataset = new DatasetName(name);
    if (version.equals(LATEST)) {
      return versions.latest(dataset).orElseThrow(() -> none(dataset, version));
    }
    int number;
    try {
      number = Integer.parseInt(version);
    } catch (NumberFormatException e) {
      throw new ApiProblem(
          400,
          "invalid-version",
          "'%s' is not a version: use a number or latest".formatted(version));
    }
    return versions.find(dataset, number).orElseThrow(() -> none(dataset, version));
  }

  private ApiProblem none(DatasetName name, String version) {
    return versions
        .latest(name)
        .map(
            latest ->
                new ApiProblem(
                    404,
                    "version-not-found",
                    "dataset '%s' has no version %s; the latest is %d"
                        .formatted(name, version, latest.version())))
        .orElseGet(
            () ->
                new ApiProblem(
                    404,
                    "dataset-not-found",
                    "there is no dataset '%s'; push one with POST /api/v1/datasets/%s/versions"
                        .formatted(name, name)));
  }

  private static void describe(HttpHeaders headers, String mediaType, String fileName) {
    headers.setContentType(MediaType.parseMediaType(mediaType));
    headers.set("X-Content-Type-Options", "nosniff");
    headers.setContentDisposition(
        ContentDisposition.attachment().filename(fileName, StandardCharsets.UTF_8).build());
  }

  private static ResponseEntity.BodyBuilder cached(ResponseEntity.BodyBuilder to, String asked) {
    return to.cacheControl(caching(asked));
  }

  private static CacheControl caching(String asked) {
    return asked.equals(LATEST)
        ? CacheControl.noCache()
        : CacheControl.maxAge(java.time.Duration.ofDays(365)).cachePrivate().immutable();
  }

  private static int limited(int limit) {
    if (limit < 1 || limit > 1000) {
      throw new ApiProblem(400, "invalid-limit", "limit is " + limit + ", not 1 to 1000");
    }
    return limit;
  }

  private static void requireCsv(HttpHeaders headers) {
    if (headers.getFirst(HttpHeaders.CONTENT_ENCODING) instanceof String encoding
        && !encoding.toLowerCase(Locale.ROOT).equals("identity")) {
      throw new ApiProblem(
          415,
          "unsupported-encoding",
          "Content-Encoding %s is not understood: send the CSV uncompressed".formatted(encoding));
    }
    String type = headers.getFirst(HttpHeaders.CONTENT_TYPE);
    if (type == null) {
      return;
    }
    String plain = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!List.of("text/csv", "text/plain", "application/csv", "application/octet-stream")
        .contains(plain)) {
      throw new ApiProblem(
          415,
          "unsupported-media-type",
          "Content-Type is %s: send a CSV file as text/csv".formatted(type));
    }
  }
}
