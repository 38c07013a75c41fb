package io.millrace.tracking.pipelines;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.datasets.NearestName;
import io.millrace.pipeline.Parsed;
import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.idempotency.Idempotency;
import io.millrace.tracking.idempotency.Idempotency.Answer;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.pipelines.Pipelines.Applied;
import io.millrace.tracking.pipelines.Pipelines.Line;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Applying pipeline files and reading them back. */
@RestController
@RequestMapping("/api/v1/pipelines")
class PipelineController {

  private final Database database;
  private final Pipelines pipelines;
  private final Idempotency idempotency;

  PipelineController(Database database, Pipelines pipelines, Idempotency idempotency) {
    this.database = database;
    this.pipelines = pipelines;
    this.idempotency = idempotency;
  }

  /** The JSON form of a file. */
  record Definition(@Nullable String definition) {}

  /** A version with its file. */
  record Whole(
      String name,
      int version,
      Instant createdAt,
      String definition,
      @JsonRawValue String resolved) {

    static Whole of(AppliedPipeline applied) {
      return new Whole(
          applied.name(),
          applied.version(),
          applied.createdAt(),
          applied.definition(),
          applied.pipeline().toJson());
    }
  }

  @PostMapping(consumes = {"text/yaml", "application/yaml", "application/x-yaml", "text/plain"})
  ResponseEntity<byte[]> applyYaml(@RequestBody byte[] yaml, ServerHttpRequest request) {
    return apply(new String(yaml, java.nio.charset.StandardCharsets.UTF_8), request);
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<byte[]> applyJson(@RequestBody Definition body, ServerHttpRequest request) {
    if (body.definition() == null) {
      throw new ApiProblem(
          400,
          "missing-definition",
          "The body has no definition: send {\"definition\": \"<the pipeline file>\"}, or the file itself as text/yaml.");
    }
    return apply(body.definition(), request);
  }

  @GetMapping
  Page<Line> list(
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    String after = PageToken.parse(pageToken, 1).map(key -> key.text(0)).orElse("");
    return Page.of(
        database.read(tx -> pipelines.list(tx, after, limit + 1)),
        limit,
        line -> new Object[] {line.name()});
  }

  @GetMapping("/{name}")
  Whole get(@PathVariable String name, @RequestParam(required = false) @Nullable Integer version) {
    return database.read(
        tx ->
            Whole.of(
                pipelines
                    .find(tx, name, version)
                    .orElseThrow(
                        () ->
                            new ApiProblem(
                                404,
                                "pipeline-not-found",
                                "There is no pipeline '%s'%s%s."
                                    .formatted(
                                        name,
                                        version == null ? "" : " in version " + version,
                                        NearestName.of(name, pipelines.names(tx))
                                            .filter(near -> !near.equals(name))
                                            .map(near -> "; did you mean '" + near + "'?")
                                            .orElse(""))))));
  }

  private ResponseEntity<byte[]> apply(String definition, ServerHttpRequest request) {
    return switch (PipelineFile.parse(definition)) {
      case Parsed.Invalid invalid ->
          throw new ApiProblem(
              422,
              "invalid-pipeline",
              "The pipeline file has %d problem%s; the first: %s"
                  .formatted(
                      invalid.problems().size(),
                      invalid.problems().size() == 1 ? "" : "s",
                      invalid.problems().getFirst().message()),
              Map.of("reasons", invalid.problems()));
      case Parsed.Valid valid -> {
        Pipeline pipeline = valid.pipeline();
        yield idempotency.once(
            request,
            definition,
            tx -> {
              Applied applied = pipelines.apply(tx, definition, pipeline, Change.of(request));
              return applied.created()
                  ? Answer.created(
                      "/api/v1/pipelines/" + applied.name() + "?version=" + applied.version(),
                      applied)
                  : Answer.ok(applied);
            });
      }
    };
  }
}
