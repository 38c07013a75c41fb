package io.millrace.tracking.intake;

import io.millrace.database.Database;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.NearestName;
import io.millrace.datasets.Schema;
import io.millrace.pipeline.Parsed;
import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import io.millrace.pipeline.Problem;
import io.millrace.tracking.intake.Resolution.Refused;
import io.millrace.tracking.intake.Resolution.Resolved;
import io.millrace.tracking.pipelines.AppliedPipeline;
import io.millrace.tracking.pipelines.Pipelines;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Turns a request into a pipeline and the exact data, or into every reason why it cannot be. */
@Component
class Resolver {

  private final Database database;
  private final Pipelines pipelines;
  private final DatasetCatalogue datasets;

  Resolver(Database database, Pipelines pipelines, DatasetCatalogue datasets) {
    this.database = database;
    this.pipelines = pipelines;
    this.datasets = datasets;
  }

  private record Found(Pipeline pipeline, int version) {}

  Resolution resolve(TrainRequest request) {
    Code code = request.code();
    List<Reason> reasons = new ArrayList<>(code == null ? List.of() : code.problems());
    Found found = pipeline(request, reasons);
    Pipeline pipeline = found == null ? null : overridden(found.pipeline(), request, reasons);
    String name = found == null ? request.pipeline() : found.pipeline().name();
    if (found == null || pipeline == null || !reasons.isEmpty()) {
      return new Refused(name, reasons);
    }
    return switch (datasets.find(pipeline.dataset())) {
      case DatasetCatalogue.Found.None none -> new Refused(name, List.of(none.reason()));
      case DatasetCatalogue.Found.Version version -> {
        checkColumns(pipeline, version.schema(), reasons);
        yield reasons.isEmpty()
            ? new Resolved(
                pipeline, found.version(), version.version(), version.schema(), version.rows())
            : new Refused(name, reasons);
      }
    };
  }

  private @Nullable Found pipeline(TrainRequest request, List<Reason> reasons) {
    String name = request.pipeline();
    String definition = request.definition();
    if (name != null && definition != null) {
      reasons.add(
          new Reason(
              "conflict",
              "The request gives both pipeline and definition; give one of them.",
              "pipeline"));
      return null;
    }
    if (definition != null) {
      return switch (PipelineFile.parse(definition)) {
        case Parsed.Valid valid -> new Found(valid.pipeline(), 0);
        case Parsed.Invalid invalid -> {
          add(invalid, reasons);
          yield null;
        }
      };
    }
    if (name == null || name.isBlank()) {
      reasons.add(
          new Reason(
              "missing-pipeline",
              "The request names no pipeline: give the name of an applied one as pipeline, or a whole file as definition.",
              "pipeline"));
      return null;
    }
    Optional<AppliedPipeline> applied =
        database.read(tx -> pipelines.find(tx, name, request.pipelineVersion()));
    if (applied.isEmpty()) {
      reasons.add(notFound(name, request.pipelineVersion()));
      return null;
    }
    return new Found(applied.get().pipeline(), applied.get().version());
  }

  private Reason notFound(String name, @Nullable Integer version) {
    List<String> names = database.read(pipelines::names);
    if (names.contains(name)) {
      return new Reason(
          "pipeline-not-found",
          "Pipeline '%s' has no version %s; leave the version out for the newest."
              .formatted(name, version),
          "pipelineVersion");
    }
    return new Reason(
        "pipeline-not-found",
        "There is no pipeline '%s'%s. Apply its file first: POST /api/v1/pipelines."
            .formatted(
                name,
                NearestName.of(name, names)
                    .map(near -> "; did you mean '" + near + "'?")
                    .orElse("")),
        "pipeline");
  }

  private static @Nullable Pipeline overridden(
      Pipeline pipeline, TrainRequest request, List<Reason> reasons) {
    if (request.overrides().isEmpty()) {
      return pipeline;
    }
    return switch (pipeline.withOverrides(request.overrides())) {
      case Parsed.Valid valid -> valid.pipeline();
      case Parsed.Invalid invalid -> {
        add(invalid, reasons);
        yield null;
      }
    };
  }

  private static void checkColumns(Pipeline pipeline, String schemaJson, List<Reason> reasons) {
    Schema schema = Schema.fromJson(schemaJson);
    String target = pipeline.dataset().target();
    try {
      schema.task(target);
    } catch (DatasetException unfit) {
      reasons.add(
          schema.names().contains(target)
              ? new Reason("bad-target", sentence(unfit), "dataset.target")
              : new Reason("target-not-found", sentence(unfit), "dataset.target"));
    }
    List<String> slices = pipeline.evaluate().slices();
    for (int i = 0; i < slices.size(); i++) {
      try {
        schema.indexOf(slices.get(i));
      } catch (DatasetException absent) {
        reasons.add(new Reason("column-not-found", sentence(absent), "evaluate.slices[" + i + "]"));
      }
    }
  }

  private static String sentence(DatasetException problem) {
    return String.valueOf(problem.getMessage());
  }

  private static void add(Parsed.Invalid invalid, List<Reason> reasons) {
    for (Problem problem : invalid.problems()) {
      reasons.add(new Reason(problem.code(), problem.message(), problem.path()));
    }
  }
}
