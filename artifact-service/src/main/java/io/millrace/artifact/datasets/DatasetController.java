package io.millrace.artifact.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import io.millrace.artifact.datasets.DatasetIntake.Declared;
import io.millrace.artifact.datasets.DatasetVersions.Pushed;
import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.DeclaredDigest;
import io.millrace.artifact.storage.Download;
import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.RequestBytes;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.changes.Change;
import io.millrace.datasets.TableSummary;
import io.millrace.problems.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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
import org.springframework.web.bind.annotation.DeleteMapping;
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
  private static final int MOST_FILES = 100_000;

  private final DatasetIntake intake;
  private final DatasetVersions versions;
  private final Download download;
  private final Objects objects;
  private final Contents contents;

  DatasetController(
      DatasetIntake intake,
      DatasetVersions versions,
      Download download,
      Objects objects,
      Contents contents) {
    this.intake = intake;
    this.versions = versions;
    this.download = download;
    this.objects = objects;
    this.contents = contents;
  }

  /**
   * A version as clients see it; {@code created} only answers a push.
   *
   * @param sha256 of the table; absent where there are several files and no single table
   * @param size of the table, else of all files
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record VersionView(
      String name,
      int version,
      String digest,
      @Nullable String sha256,
      long size,
      long totalSize,
      int files,
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
          tableDigest(v),
          v.contentSize(),
          v.size(),
          v.files(),
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

  private static @Nullable String tableDigest(DatasetVersion v) {
    StoredObject table = v.table();
    return table == null ? null : table.sha256();
  }

  /** A line of a list of versions, which leaves the schema out. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record VersionLine(
      int version,
      String digest,
      @Nullable String sha256,
      long size,
      int files,
      long rows,
      int columns,
      String createdBy,
      Instant createdAt,
      String uri) {

    static VersionLine of(DatasetVersion v) {
      return new VersionLine(
          v.version(),
          v.digest(),
          tableDigest(v),
          v.size(),
          v.files(),
          v.rows(),
          v.columns(),
          v.createdBy(),
          v.createdAt(),
          v.uri());
    }
  }

  /** A line of the list of datasets, with the figures of the latest version. */
  record DatasetLine(
      String name,
      int latestVersion,
      long rows,
      int columns,
      long size,
      int files,
      String digest,
      Instant updatedAt) {}

  /** A file of a version. */
  record FileLine(String path, long size, String sha256, String mediaType) {

    static FileLine of(VersionFile file) {
      return new FileLine(
          file.path().value(), file.object().size(), file.object().sha256(), file.mediaType());
    }
  }

  /** A version to make of bytes that are here. */
  record FilesOfVersion(@Nullable List<@Nullable FileOfVersion> files) {}

  /** One of its files. */
  record FileOfVersion(@Nullable String path, @Nullable String sha256, long size) {}

  /**
   * What a check of stored bytes found.
   *
   * @param intact nothing is damaged
   */
  record Verified(
      String name, int version, boolean intact, int files, long bytes, List<Damage> damaged) {}

  /** A file whose stored bytes are not the ones that were sent. */
  record Damage(String path, String message) {}

  /** What the tables of a version look like, by path. */
  record Profiles(String name, int version, List<FileProfile> tables) {}

  /** What one table looks like. */
  record FileProfile(String path, TableSummary summary) {}

  /** A page; the token is absent on the last one. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Page<T>(List<T> items, @Nullable String nextPageToken) {}

  /** A dataset with its versions, newest first. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record DatasetView(
      String name, int latestVersion, List<VersionLine> versions, @Nullable String nextPageToken) {}

  @PostMapping(path = "/{name}/versions", consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<VersionView> create(
      @PathVariable String name,
      @RequestHeader(name = "Millrace-Created-By", defaultValue = "unknown") String createdBy,
      ServerHttpRequest request)
      throws IOException {
    DatasetName dataset = new DatasetName(name);
    return pushed(
        dataset,
        intake.create(
            dataset, declared(JsonRequest.read(request, FilesOfVersion.class)), createdBy));
  }

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
    return pushed(dataset, pushed);
  }

  private static ResponseEntity<VersionView> pushed(DatasetName dataset, Pushed pushed) {
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
                        v.size(),
                        v.files(),
                        v.digest(),
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
    StoredObject table = found.table();
    if (table == null) {
      throw new ApiProblem(
          409,
          "several-files",
          "dataset '%s' version %d has %d files and no single table; fetch them one by one from .../files"
              .formatted(found.name(), found.version(), found.files()));
    }
    return download(
        request,
        found,
        table,
        found.mediaType(),
        found.name() + "-" + found.version() + ".csv",
        version);
  }

  @GetMapping("/{name}/versions/{version}/files")
  Page<FileLine> files(
      @PathVariable String name,
      @PathVariable String version,
      @RequestParam(defaultValue = "1000") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    DatasetVersion found = find(name, version);
    int most = limited(limit);
    List<VersionFile> files = versions.files(found.name(), found.version(), pageToken, most);
    return new Page<>(
        files.stream().map(FileLine::of).toList(),
        files.size() < most ? null : files.getLast().path().value());
  }

  @RequestMapping(
      path = "/{name}/versions/{version}/files/{*path}",
      method = {RequestMethod.GET, RequestMethod.HEAD})
  ResponseEntity<Publisher<DataBuffer>> file(
      @PathVariable String name,
      @PathVariable String version,
      @PathVariable String path,
      ServerHttpRequest request) {
    DatasetVersion found = find(name, version);
    FilePath wanted = new FilePath(path.startsWith("/") ? path.substring(1) : path);
    VersionFile file =
        versions
            .file(found.name(), found.version(), wanted.value())
            .orElseThrow(
                () ->
                    new ApiProblem(
                        404,
                        "file-not-found",
                        "dataset '%s' version %d has no file '%s'"
                            .formatted(found.name(), found.version(), wanted)));
    return download(request, found, file.object(), file.mediaType(), wanted.name(), version);
  }

  @GetMapping("/{name}/versions/{version}/profile")
  Profiles profile(@PathVariable String name, @PathVariable String version) {
    DatasetVersion found = find(name, version);
    return new Profiles(
        found.name().value(),
        found.version(),
        allFiles(found).stream()
            .flatMap(
                file ->
                    versions.table(file.object().sha256()).stream()
                        .map(table -> new FileProfile(file.path().value(), table.summary())))
            .toList());
  }

  @GetMapping("/{name}/diff")
  DatasetDiff diff(
      @PathVariable String name,
      @RequestParam(defaultValue = "") String from,
      @RequestParam(defaultValue = LATEST) String to) {
    DatasetVersion after = find(name, to);
    DatasetVersion before =
        from.isEmpty()
            ? versions.versions(after.name(), after.version(), 1).stream()
                .findFirst()
                .orElseThrow(
                    () ->
                        new ApiProblem(
                            404,
                            "version-not-found",
                            "dataset '%s' has no version before %d"
                                .formatted(after.name(), after.version())))
            : find(name, from);
    return DatasetDiff.of(
        before,
        after,
        allFiles(before),
        allFiles(after),
        file -> versions.table(file.object().sha256()).orElse(null));
  }

  @PostMapping("/{name}/versions/{version}/verify")
  Verified verify(@PathVariable String name, @PathVariable String version) {
    DatasetVersion found = find(name, version);
    List<VersionFile> files = allFiles(found);
    List<Damage> damaged = new ArrayList<>();
    for (VersionFile file : files) {
      objects
          .damage(file.object(), corrupt -> contents.markCorrupt(file.object().sha256()))
          .ifPresent(message -> damaged.add(new Damage(file.path().value(), message)));
    }
    if (!new Manifest(found.manifest()).digest().equals(found.digest())) {
      damaged.add(new Damage("", "the manifest is not the one whose digest the version has"));
    }
    return new Verified(
        found.name().value(),
        found.version(),
        damaged.isEmpty(),
        files.size(),
        found.size(),
        damaged);
  }

  @DeleteMapping("/{name}/versions/{version}")
  ResponseEntity<Void> delete(
      @PathVariable String name, @PathVariable String version, ServerHttpRequest request) {
    if (version.equals(LATEST)) {
      throw new ApiProblem(400, "invalid-version", "name the version to delete by its number");
    }
    DatasetVersion found = find(name, version);
    Change change = Change.of(request);
    versions.delete(found, change.by(), change.reason());
    return ResponseEntity.noContent().build();
  }

  private List<VersionFile> allFiles(DatasetVersion version) {
    return versions.files(version.name(), version.version(), "", Integer.MAX_VALUE);
  }

  private ResponseEntity<Publisher<DataBuffer>> download(
      ServerHttpRequest request,
      DatasetVersion version,
      StoredObject object,
      String mediaType,
      String fileName,
      String asked) {
    return download.answer(
        request,
        new Download.Of(
            object,
            version.createdAt(),
            headers -> {
              describe(headers, mediaType, fileName);
              headers.setCacheControl(caching(asked));
              headers.set("Millrace-Dataset-Version", Integer.toString(version.version()));
            },
            corrupt -> contents.markCorrupt(object.sha256())));
  }

  private static List<Declared> declared(FilesOfVersion asked) {
    List<@Nullable FileOfVersion> files = asked.files();
    if (files == null || files.isEmpty() || files.size() > MOST_FILES) {
      throw new ApiProblem(
          400, "invalid-files", "files must be a list of 1 to " + MOST_FILES + " entries");
    }
    List<Declared> declared = new ArrayList<>();
    Set<String> paths = new HashSet<>();
    for (FileOfVersion file : files) {
      if (file == null || file.path() == null || file.size() < 0) {
        throw new ApiProblem(400, "invalid-files", "each file needs path, sha256 and size");
      }
      FilePath path = new FilePath(file.path());
      if (!paths.add(path.value())) {
        throw new ApiProblem(400, "duplicate-path", "'%s' is named twice".formatted(path));
      }
      declared.add(new Declared(path, Sha256Hex.of(file.sha256()), file.size()));
    }
    for (Declared file : declared) {
      String path = file.path().value();
      for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
        if (paths.contains(path.substring(0, slash))) {
          throw new ApiProblem(
              400,
              "path-conflict",
              "'%s' is a file and a folder".formatted(path.substring(0, slash)));
        }
      }
    }
    return declared;
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
